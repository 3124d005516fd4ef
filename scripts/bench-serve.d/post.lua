-- Posts the lines of a file in turn: wrk ... -- FILE
local bodies = {}
local at = 0

function init(args)
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    for line in io.lines(args[1]) do
        bodies[#bodies + 1] = wrk.format(nil, nil, nil, line)
    end
end

function request()
    at = at % #bodies + 1
    return bodies[at]
end

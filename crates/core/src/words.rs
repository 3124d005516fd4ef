//! The macro that gives an enum its words.

/// Implements `ALL`, `as_str` and [`Display`](std::fmt::Display) for an enum whose variants are
/// words of files and of the command line, and with a noun also [`FromStr`](std::str::FromStr),
/// whose error lists the known words.
///
/// ```
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// enum Size {
///     Small,
///     Large,
/// }
///
/// comity_core::words! { Size, "size":
///     Small = "small",
///     Large = "large",
/// }
///
/// assert_eq!(Size::ALL, [Size::Small, Size::Large]);
/// assert_eq!("large".parse(), Ok(Size::Large));
/// assert_eq!("big".parse::<Size>().unwrap_err(), "unknown size `big`; known: small, large");
/// ```
#[macro_export]
macro_rules! words {
    ($enum:ident, $noun:literal: $($variant:ident = $word:literal),+ $(,)?) => {
        $crate::words! { $enum: $($variant = $word),+ }

        impl ::std::str::FromStr for $enum {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                Self::ALL.into_iter().find(|known| known.as_str() == word).ok_or_else(|| {
                    let known = Self::ALL.map(Self::as_str).join(", ");
                    format!(concat!("unknown ", $noun, " `{}`; known: {}"), word, known)
                })
            }
        }
    };
    ($enum:ident: $($variant:ident = $word:literal),+ $(,)?) => {
        impl $enum {
            /// Every value, in order.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Returns the word in files and on the command line.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl ::std::fmt::Display for $enum {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

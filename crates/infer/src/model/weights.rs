//! `model.safetensors`: the weights, in 8 bits or widened to 32.

use std::cell::RefCell;
use std::collections::BTreeSet;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use ndarray::{Array1, Array2, ArrayD, ArrayView2, CowArray, Ix2};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::{CONFIG, Config, ModelErrorKind};

/// What the name of a quantized matrix is followed by in the names of its scales and factors.
const SCALES: &str = ".scales";
const SMOOTHING: &str = ".smoothing";

/// A matrix of whole numbers of 8 bits, with scales: a weight of row `r` and column `c` is
/// `numbers[r, c] * scales[r, g] * smoothing[c]`, in this order, where `g` is the group of `c`.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedMatrix<'a> {
    /// From -127 to 127, outputs by inputs.
    pub numbers: CowArray<'a, i8, Ix2>,
    /// A scale for each row and each group of columns; groups are equally wide.
    pub scales: Array2<f32>,
    /// The factor of each column, by which its input is multiplied instead; `None` if all are 1.
    pub smoothing: Option<Array1<f32>>,
}

impl QuantizedMatrix<'_> {
    /// Rounds weights: the largest of a row and group becomes 127. Each column is divided by its
    /// factor of `smoothing` first.
    ///
    /// # Panics
    /// If the number of columns is not a multiple of `groups`, or not that of the factors.
    pub fn quantize(weight: ArrayView2<'_, f32>, groups: usize, smoothing: Option<&[f32]>) -> Self {
        let (rows, columns) = weight.dim();
        assert_eq!(columns % groups, 0, "groups are equally wide");
        let width = columns / groups;
        let mut numbers = Vec::with_capacity(rows * columns);
        let mut scales = Vec::with_capacity(rows * groups);
        let mut smoothed = vec![0.0_f32; columns];
        for row in weight.rows() {
            smoothed.iter_mut().zip(row).for_each(|(value, &weight)| *value = weight);
            if let Some(smoothing) = smoothing {
                assert_eq!(smoothing.len(), columns, "a factor a column");
                smoothed.iter_mut().zip(smoothing).for_each(|(value, factor)| *value /= factor);
            }
            for group in smoothed.chunks_exact(width) {
                let largest = group.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
                let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
                numbers.extend(group.iter().map(|value| nearest(value * inverse)));
                scales.push(largest / 127.0);
            }
        }
        let numbers = Array2::from_shape_vec((rows, columns), numbers).expect("a number a weight");
        QuantizedMatrix {
            numbers: numbers.into(),
            scales: Array2::from_shape_vec((rows, groups), scales).expect("a scale a group"),
            smoothing: smoothing.map(|factors| Array1::from(factors.to_vec())),
        }
    }

    /// The weights in 32 bits.
    pub fn dequantize(&self) -> Array2<f32> {
        let (rows, columns) = self.numbers.dim();
        let width = columns / self.scales.ncols();
        Array2::from_shape_fn((rows, columns), |(row, column)| {
            let weight = f32::from(self.numbers[[row, column]]) * self.scales[[row, column / width]];
            self.smoothing.as_ref().map_or(weight, |factors| weight * factors[column])
        })
    }

    /// The same matrix, with numbers of its own.
    pub fn into_owned(self) -> QuantizedMatrix<'static> {
        let Self { numbers, scales, smoothing } = self;
        QuantizedMatrix { numbers: numbers.into_owned().into(), scales, smoothing }
    }
}

/// Returns the whole number nearest to `x`, which is from -127 to 127; the even one of two. The
/// addend leaves no bits for a fraction, so the number stands in the lowest bits: processors without
/// SSE4.1 have no instruction for `round_ties_even`.
fn nearest(x: f32) -> i8 {
    const NO_FRACTION: f32 = 12_582_912.0;
    (x + NO_FRACTION).to_bits() as i8
}

/// Weights by their names in the file. Each call widens one tensor again.
pub struct Weights<'a> {
    tensors: SafeTensors<'a>,
    /// Names of the tensors that were read.
    read: RefCell<BTreeSet<String>>,
}

impl<'a> Weights<'a> {
    /// Reads the header of a safetensors file, given its bytes.
    ///
    /// # Errors
    /// It is no such file, or not a whole one.
    pub fn parse(file: &'a [u8]) -> Result<Self, ModelErrorKind> {
        let tensors = SafeTensors::deserialize(file).map_err(|error| {
            ModelErrorKind::Content(format!("is no whole safetensors file ({error}); get the file again"))
        })?;
        Ok(Self { tensors, read: RefCell::default() })
    }

    /// A matrix of `rows` by `columns`.
    ///
    /// # Errors
    /// No such tensor, another shape, another type than `I8`, `F16`, `BF16` or `F32`, a value that
    /// is not finite, or 8 bits without scales.
    pub fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<Array2<f32>, ModelErrorKind> {
        let array = self.array(name, &[rows, columns])?;
        Ok(array.into_dimensionality().expect("the shape was checked to have two dimensions"))
    }

    /// A vector of `len` values.
    ///
    /// # Errors
    /// As [`Weights::matrix`].
    pub fn vector(&self, name: &str, len: usize) -> Result<Array1<f32>, ModelErrorKind> {
        let array = self.array(name, &[len])?;
        Ok(array.into_dimensionality().expect("the shape was checked to have one dimension"))
    }

    /// A tensor of any shape, row by row.
    ///
    /// # Errors
    /// As [`Weights::matrix`].
    pub fn array(&self, name: &str, shape: &[usize]) -> Result<ArrayD<f32>, ModelErrorKind> {
        let tensor = self.tensor(name, shape)?;
        let bytes = tensor.data();
        let values: Vec<f32> = match (tensor.dtype(), shape) {
            (Dtype::F32, _) => bytes.as_chunks().0.iter().map(|&value| f32::from_le_bytes(value)).collect(),
            (Dtype::F16, _) => widen(bytes, f16::from_le_bytes),
            (Dtype::BF16, _) => widen(bytes, bf16::from_le_bytes),
            (Dtype::I8, &[rows, columns]) => {
                return Ok(self.quantized(name, rows, columns)?.dequantize().into_dyn());
            }
            (other, _) => {
                let cause = format!("is {other:?}; store weights as F16, BF16 or F32");
                return Err(in_tensor(name, cause));
            }
        };
        if !values.iter().all(|value| value.is_finite()) {
            return Err(in_tensor(name, "contains a value that is not finite"));
        }
        self.read.borrow_mut().insert(name.to_owned());
        Ok(ArrayD::from_shape_vec(shape, values).expect("safetensors checks the length against the shape"))
    }

    /// A matrix of `rows` by `columns` in 8 bits, with the scales, and the factors if there are
    /// any, that stand in the file under its name.
    ///
    /// # Errors
    /// No such tensor, another type or shape, or a scale or factor that is not a finite number
    /// above 0 (a scale may be 0).
    pub fn quantized(
        &self,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<QuantizedMatrix<'a>, ModelErrorKind> {
        let tensor = self.tensor(name, &[rows, columns])?;
        if tensor.dtype() != Dtype::I8 {
            return Err(in_tensor(
                name,
                format!("is {:?}; other matrices of the file are I8", tensor.dtype()),
            ));
        }
        let numbers = ArrayView2::from_shape((rows, columns), bytemuck::cast_slice(tensor.data()))
            .expect("safetensors checks the length against the shape");
        let of_scales = format!("{name}{SCALES}");
        let groups = match self.tensors.tensor(&of_scales).as_ref().map(TensorView::shape) {
            Ok(&[_, groups]) if groups > 0 && columns.is_multiple_of(groups) => groups,
            _ => 1,
        };
        let scales = self.matrix(&of_scales, rows, groups)?;
        if scales.iter().any(|&scale| scale < 0.0) {
            return Err(in_tensor(&of_scales, "contains a value below 0"));
        }
        let of_smoothing = format!("{name}{SMOOTHING}");
        let smoothing = match self.tensors.tensor(&of_smoothing) {
            Err(SafeTensorError::TensorNotFound(_)) => None,
            _ => Some(self.vector(&of_smoothing, columns)?),
        };
        if smoothing.iter().flatten().any(|&factor| factor <= 0.0) {
            return Err(in_tensor(&of_smoothing, "contains a value that is not above 0"));
        }
        self.read.borrow_mut().insert(name.to_owned());
        Ok(QuantizedMatrix { numbers: numbers.into(), scales, smoothing })
    }

    /// Notes that a tensor was read elsewhere.
    pub(crate) fn note_read(&self, name: &str) {
        self.read.borrow_mut().insert(name.to_owned());
    }

    /// Returns true if the file has matrices in 8 bits.
    pub fn are_quantized(&self) -> bool {
        self.tensors.iter().any(|(_, tensor)| tensor.dtype() == Dtype::I8)
    }

    /// Writes the file again with matrices in 8 bits in place of those of their names; all other
    /// tensors stay as they are.
    pub fn with_quantized(&self, matrices: &[(String, QuantizedMatrix<'_>)]) -> Vec<u8> {
        let mut tensors: Vec<Stored> = Vec::new();
        for (name, matrix) in matrices {
            let standard = matrix.numbers.as_standard_layout();
            let numbers = standard.as_slice().expect("a matrix in standard layout is one slice");
            let (rows, columns) = matrix.numbers.dim();
            let floats = |values: &mut dyn Iterator<Item = &f32>| {
                values.flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>()
            };
            tensors.push(Stored {
                name: name.clone(),
                dtype: Dtype::I8,
                shape: vec![rows, columns],
                bytes: bytemuck::cast_slice(numbers).to_vec(),
            });
            tensors.push(Stored {
                name: format!("{name}{SCALES}"),
                dtype: Dtype::F32,
                shape: vec![rows, matrix.scales.ncols()],
                bytes: floats(&mut matrix.scales.iter()),
            });
            tensors.extend(matrix.smoothing.as_ref().map(|factors| Stored {
                name: format!("{name}{SMOOTHING}"),
                dtype: Dtype::F32,
                shape: vec![columns],
                bytes: floats(&mut factors.iter()),
            }));
        }
        let others = self.tensors.iter().filter(|(name, _)| matrices.iter().all(|(other, _)| other != name));
        tensors.extend(others.map(|(name, tensor)| Stored {
            name: name.to_owned(),
            dtype: tensor.dtype(),
            shape: tensor.shape().to_vec(),
            bytes: tensor.data().to_vec(),
        }));
        serialized(&tensors)
    }

    /// Writes the file again with every weight in 16 bits (`F16`), as `transformers` reads it.
    ///
    /// # Errors
    /// As [`Weights::matrix`], or a weight is too large for 16 bits.
    pub fn in_16_bits(&self) -> Result<Vec<u8>, ModelErrorKind> {
        let is_part = |name: &str| {
            [SCALES, SMOOTHING]
                .iter()
                .any(|end| name.strip_suffix(end).is_some_and(|matrix| self.tensors.tensor(matrix).is_ok()))
        };
        let mut tensors = Vec::new();
        for (name, tensor) in self.tensors.iter().filter(|(name, _)| !is_part(name)) {
            // What is not a weight, such as a buffer of positions, is none of ours.
            if matches!(tensor.dtype(), Dtype::I64 | Dtype::I32) {
                continue;
            }
            let values = self.array(name, tensor.shape())?;
            let halves: Vec<f16> = values.iter().map(|&value| f16::from_f32(value)).collect();
            if !halves.iter().all(|half| half.is_finite()) {
                return Err(in_tensor(name, "contains a weight above 65,504, which 16 bits cannot hold"));
            }
            tensors.push(Stored {
                name: name.to_owned(),
                dtype: Dtype::F16,
                shape: tensor.shape().to_vec(),
                bytes: halves.iter().flat_map(|half| half.to_le_bytes()).collect(),
            });
        }
        Ok(serialized(&tensors))
    }

    fn tensor(&self, name: &str, shape: &[usize]) -> Result<TensorView<'a>, ModelErrorKind> {
        let tensor = self.tensors.tensor(name).map_err(|error| match error {
            SafeTensorError::TensorNotFound(_) => in_tensor(
                name,
                "is missing; the file must be of the sequence classifier that config.json describes",
            ),
            other => in_tensor(name, other),
        })?;
        if tensor.shape() != shape {
            let cause = format!("has shape {:?}, {CONFIG} asks for {shape:?}", tensor.shape());
            return Err(in_tensor(name, cause));
        }
        Ok(tensor)
    }
}

fn in_tensor(name: &str, cause: impl std::fmt::Display) -> ModelErrorKind {
    ModelErrorKind::Content(format!("tensor {name}: {cause}"))
}

/// A tensor to be written.
struct Stored {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// The bytes of a safetensors file. `transformers` insists on the note that it is of PyTorch.
fn serialized(tensors: &[Stored]) -> Vec<u8> {
    let views = tensors.iter().map(|Stored { name, dtype, shape, bytes }| {
        let view = TensorView::new(*dtype, shape.clone(), bytes).expect("as many bytes as the shape has");
        (name, view)
    });
    let note = [("format".to_owned(), "pt".to_owned())].into();
    safetensors::serialize(views, Some(note)).expect("no name twice, and no more tensors than there were")
}

impl Weights<'_> {
    /// Checks that a network has read every tensor: without some of its weights, a model gives
    /// other scores. Left out are buffers, and the pooler that Hugging Face stores with a RoBERTa
    /// although its classifier has none.
    ///
    /// # Errors
    /// Names the first tensor that was not read, and the key of the configuration to look at.
    pub(crate) fn check_all_read(&self, config: &Config) -> Result<(), ModelErrorKind> {
        let read = self.read.borrow();
        let is_idle = |name: &str| {
            name.ends_with(".position_ids")
                || name.ends_with(".token_type_ids")
                || name.starts_with("roberta.pooler.")
        };
        let unread = self.tensors.names().into_iter().filter(|name| !read.contains(*name) && !is_idle(name));
        let Some(name) = unread.min() else { return Ok(()) };
        let after_layer = name.split('.').skip_while(|part| *part != "layer").nth(1);
        let cause = match after_layer.and_then(|number| number.parse::<usize>().ok()) {
            Some(layer) if layer >= config.num_hidden_layers => {
                format!("num_hidden_layers of {CONFIG} is {}", config.num_hidden_layers)
            }
            _ if config.type_vocab_size == 0 && name.contains("token_type_embeddings") => {
                format!("type_vocab_size of {CONFIG} is 0 or missing")
            }
            _ => format!("model_type of {CONFIG} is `{}`", config.model_type),
        };
        Err(ModelErrorKind::Content(format!(
            "tensor {name}: has no place in the network, since {cause}; correct {CONFIG}, or load the model with transformers \
             and save it again with save_pretrained, which leaves out what it does not use"
        )))
    }
}

/// Widens 16-bit numbers block by block, which is several times faster than one by one.
fn widen<T: Copy>(bytes: &[u8], number: fn([u8; 2]) -> T) -> Vec<f32>
where
    [T]: HalfFloatSliceExt,
{
    let pairs = bytes.as_chunks().0;
    let mut values = vec![0.0; pairs.len()];
    for (narrow, wide) in pairs.chunks(4096).zip(values.chunks_mut(4096)) {
        let narrow: Vec<T> = narrow.iter().map(|&pair| number(pair)).collect();
        narrow.convert_to_f32_slice(wide);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::serialize;

    fn file(dtype: Dtype, bytes: &[u8], shape: &[usize]) -> Vec<u8> {
        let view = TensorView::new(dtype, shape.to_vec(), bytes).unwrap();
        serialize([("w", view)], None).unwrap()
    }

    #[test]
    fn every_16_bit_number_is_widened_exactly() {
        let finite = |value: &f32| value.is_finite();
        let halves: Vec<f16> =
            (0..=u16::MAX).map(f16::from_bits).filter(|half| finite(&half.to_f32())).collect();
        let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        let data = file(Dtype::F16, &bytes, &[halves.len()]);
        let widened = Weights::parse(&data).unwrap().vector("w", halves.len()).unwrap();
        assert!(
            widened.iter().zip(&halves).all(|(wide, half)| wide.to_bits() == half.to_f32_const().to_bits())
        );

        let shorts: Vec<bf16> =
            (0..=u16::MAX).map(bf16::from_bits).filter(|short| finite(&short.to_f32())).collect();
        let bytes: Vec<u8> = shorts.iter().flat_map(|short| short.to_le_bytes()).collect();
        let data = file(Dtype::BF16, &bytes, &[shorts.len()]);
        let widened = Weights::parse(&data).unwrap().vector("w", shorts.len()).unwrap();
        assert!(
            widened
                .iter()
                .zip(&shorts)
                .all(|(wide, short)| wide.to_bits() == u32::from(short.to_bits()) << 16)
        );
    }

    #[test]
    fn matrices_are_stored_row_by_row() {
        let bytes: Vec<u8> =
            [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let data = file(Dtype::F32, &bytes, &[2, 3]);
        let matrix = Weights::parse(&data).unwrap().matrix("w", 2, 3).unwrap();
        assert_eq!(matrix, ndarray::array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    }

    #[test]
    fn a_quantized_matrix_is_near_its_weights_and_survives_the_file() {
        let weight = ndarray::array![[1.0_f32, -0.5, 0.25, 0.0], [0.0, 0.0, 8.0, -2.0]];
        let smoothing = [2.0_f32, 1.0, 0.5, 1.0];
        let matrix = QuantizedMatrix::quantize(weight.view(), 2, Some(&smoothing));
        // Row 0: 0.5 and -0.5 by 0.5; 0.5 and 0 by 0.5. Row 1: a group of zeros; 16 and -2 by 16.
        assert_eq!(matrix.numbers, ndarray::array![[127, -127, 127, 0], [0, 0, 127, -16]]);
        assert_eq!(matrix.scales, ndarray::array![[0.5 / 127.0, 0.5 / 127.0], [0.0, 16.0 / 127.0]]);
        let errors = (&matrix.dequantize() - &weight).mapv(f32::abs);
        assert!(errors.iter().all(|&error| error <= 16.0 / 254.0), "{errors}");

        let zeros = [0; 16];
        let data = file(Dtype::F16, &zeros, &[2, 4]);
        let weights = Weights::parse(&data).unwrap();
        assert!(!weights.are_quantized());
        let written = weights.with_quantized(&[("w".to_owned(), matrix.clone())]);
        let weights = Weights::parse(&written).unwrap();
        assert!(weights.are_quantized());
        assert_eq!(weights.quantized("w", 2, 4).unwrap(), matrix);
        assert_eq!(weights.matrix("w", 2, 4).unwrap(), matrix.dequantize());
        let halves = weights.in_16_bits().unwrap();
        let halves = Weights::parse(&halves).unwrap();
        assert_eq!(halves.tensors.names(), ["w"]);
        let expected = matrix.dequantize().mapv(|value| f16::from_f32(value).to_f32());
        assert_eq!(halves.matrix("w", 2, 4).unwrap(), expected);
    }

    #[test]
    fn wrong_quantized_matrices_are_named() {
        let floats = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        for (dtype, scales, smoothing, words) in [
            (Dtype::I8, None, None, "tensor w.scales: is missing"),
            (Dtype::I8, Some([1.0, -1.0]), None, "tensor w.scales: contains a value below 0"),
            (Dtype::I8, Some([1.0, f32::NAN]), None, "tensor w.scales: contains a value that is not finite"),
            (
                Dtype::I8,
                Some([1.0, 1.0]),
                Some([0.0, 1.0]),
                "tensor w.smoothing: contains a value that is not above 0",
            ),
            (Dtype::U8, Some([1.0, 1.0]), None, "tensor w: is U8; other matrices of the file are I8"),
        ] {
            let scales = scales.map(|values| floats(&values));
            let smoothing = smoothing.map(|values| floats(&values));
            let mut views = vec![("w", TensorView::new(dtype, vec![2, 2], &[1, 2, 3, 4]).unwrap())];
            if let Some(bytes) = &scales {
                views.push(("w.scales", TensorView::new(Dtype::F32, vec![2, 1], bytes).unwrap()));
            }
            if let Some(bytes) = &smoothing {
                views.push(("w.smoothing", TensorView::new(Dtype::F32, vec![2], bytes).unwrap()));
            }
            let data = serialize(views, None).unwrap();
            let error = Weights::parse(&data).unwrap().quantized("w", 2, 2).unwrap_err();
            assert!(error.to_string().starts_with(words), "{error}");
        }
    }

    #[test]
    fn wrong_tensors_are_named() {
        let nan = f32::NAN.to_le_bytes();
        for (data, name, words) in [
            (file(Dtype::F32, &[0; 8], &[2]), "w", "tensor w: has shape [2], config.json asks for [1]"),
            (file(Dtype::F32, &[0; 4], &[1]), "v", "tensor v: is missing"),
            (file(Dtype::F64, &[0; 8], &[1]), "w", "tensor w: is F64"),
            (file(Dtype::F32, &nan, &[1]), "w", "tensor w: contains a value that is not finite"),
        ] {
            let error = Weights::parse(&data).unwrap().vector(name, 1).unwrap_err();
            assert!(error.to_string().starts_with(words), "{error}");
        }
        let whole = file(Dtype::F32, &[0; 8], &[2]);
        for len in 0..whole.len() {
            let error = Weights::parse(&whole[..len]).err().unwrap();
            assert!(error.to_string().starts_with("is no whole safetensors file"), "{error}");
        }
    }
}

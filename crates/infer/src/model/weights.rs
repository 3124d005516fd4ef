//! `model.safetensors`: the weights, widened to 32 bits.

use std::cell::RefCell;
use std::collections::BTreeSet;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use ndarray::{Array1, Array2, ArrayD};
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::{CONFIG, Config, ModelErrorKind};

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
    /// No such tensor, another shape, another type than `F16`, `BF16` or `F32`, or a value that is
    /// not finite.
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
        let content = |cause| ModelErrorKind::Content(format!("tensor {name}: {cause}"));
        let tensor = self.tensors.tensor(name).map_err(|error| match error {
            SafeTensorError::TensorNotFound(_) => content(
                "is missing; the file must be of the sequence classifier that config.json describes"
                    .to_owned(),
            ),
            other => content(other.to_string()),
        })?;
        if tensor.shape() != shape {
            return Err(content(format!("has shape {:?}, {} asks for {shape:?}", tensor.shape(), CONFIG)));
        }
        let bytes = tensor.data();
        let values: Vec<f32> = match tensor.dtype() {
            Dtype::F32 => bytes.as_chunks().0.iter().map(|&value| f32::from_le_bytes(value)).collect(),
            Dtype::F16 => widen(bytes, f16::from_le_bytes),
            Dtype::BF16 => widen(bytes, bf16::from_le_bytes),
            other => {
                return Err(content(format!("is {other:?}; store weights as F16, BF16 or F32")));
            }
        };
        if !values.iter().all(|value| value.is_finite()) {
            return Err(content("contains a value that is not finite".to_owned()));
        }
        self.read.borrow_mut().insert(name.to_owned());
        Ok(ArrayD::from_shape_vec(shape, values).expect("safetensors checks the length against the shape"))
    }
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
    use safetensors::tensor::TensorView;

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

//! The network by `rust-bert` on libtorch, with the feature `rust-bert`: for architectures that
//! [`super::native`] does not know, and for a graphics card.
//!
//! Its pipelines are not used, since they neither mask their padding nor give a row a text; its
//! networks are. A batch is filled up to its longest sequence, and what fills it up is masked: it
//! weighs nothing at all in the attention. Yet libtorch chooses its kernels by the shape of a
//! batch, so that the last bits of a row depend on how long its neighbours are and how many, which
//! no other engine allows: a run with another `--batch`, or one that was interrupted, can differ in
//! the sixth decimal of some scores.
//!
//! Of BERT and RoBERTa, `rust-bert` does not read `layer_norm_eps`: it takes 1e-12, which is BERT's
//! own. RoBERTa's is 1e-5, which moves its logits a little; `native` knows both.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ndarray::Array2;
use rust_bert::albert::{AlbertConfig, AlbertForSequenceClassification};
use rust_bert::bert::{BertConfig, BertForSequenceClassification};
use rust_bert::distilbert::{DistilBertConfig, DistilBertModelClassifier};
use rust_bert::roberta::RobertaForSequenceClassification;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor, no_grad};

use super::{Batch, Engine, EngineError};
use crate::model::Model;

/// The name of the engine.
pub const NAME: &str = "torch";

/// A network, run by libtorch: on the first graphics card where libtorch sees one, else on the
/// processor with one thread a call.
pub struct Torch {
    architecture: Architecture,
    /// `config.json`, with nothing left out.
    config: Value,
    vocab_size: usize,
    max_tokens: usize,
    first_position: i64,
    padding: i64,
    logits: usize,
    device: Device,
    pool: Mutex<Pool>,
}

/// The weights, and networks of them that nobody runs at the moment: a network can be run by one
/// thread at a time.
struct Pool {
    weights: HashMap<String, Tensor>,
    idle: Vec<Network>,
}

#[derive(Clone, Copy)]
enum Architecture {
    Bert,
    DistilBert,
    Roberta,
    Albert,
}

enum Network {
    Bert(BertForSequenceClassification),
    DistilBert(DistilBertModelClassifier),
    Roberta(RobertaForSequenceClassification),
    Albert(AlbertForSequenceClassification),
}

/// Token ids with padding, the mask of tokens, and their positions.
struct Filled {
    ids: Tensor,
    mask: Tensor,
    positions: Tensor,
}

impl Torch {
    /// Hands the weights of a model to libtorch.
    ///
    /// # Errors
    /// An architecture or a setting that `rust-bert` does not know; a tensor that is missing, not
    /// of the shape that it asks for, or that has no place in the network.
    pub fn new(model: &Model) -> Result<Self, EngineError> {
        let refuse = |cause: String| EngineError::Architecture { model: model.manifest.name.clone(), cause };
        let architecture = match model.config.model_type.as_str() {
            "bert" => Architecture::Bert,
            "distilbert" => Architecture::DistilBert,
            "roberta" | "xlm-roberta" | "camembert" => Architecture::Roberta,
            "albert" => Architecture::Albert,
            other => {
                return Err(refuse(format!(
                    "model_type `{other}` is not known to the engine torch, which knows bert, distilbert, roberta, xlm-roberta, \
                     camembert and albert"
                )));
            }
        };
        let position_type = &model.config.position_embedding_type;
        if position_type != "absolute" {
            return Err(refuse(format!(
                "position_embedding_type `{position_type}` is not known to the engine torch, which knows absolute"
            )));
        }
        let mut config: Value = serde_json::from_slice(model.config_json())
            .map_err(|error| refuse(format!("cannot be read: {error}")))?;
        // Hugging Face leaves out two labels without names.
        config["id2label"] = model
            .config
            .id2label
            .iter()
            .map(|(id, name)| (id.to_string(), Value::from(name.clone())))
            .collect();
        // Of DistilBERT's, rust-bert insists on it, Hugging Face no longer writes it, and a
        // classifier does not use it.
        if config.get("tie_weights_").is_none() {
            config["tie_weights_"] = true.into();
        }
        tch::set_num_threads(1);
        let torch = Self {
            architecture,
            config,
            vocab_size: model.config.vocab_size,
            max_tokens: model.config.max_tokens(),
            first_position: model.config.first_position() as i64,
            padding: model.config.pad_token_id.unwrap_or(0).into(),
            logits: model.manifest.heads.logits(),
            device: Device::cuda_if_available(),
            pool: Mutex::new(Pool { weights: HashMap::new(), idle: Vec::new() }),
        };
        let (network, mut variables) = torch.build().map_err(refuse)?;
        let weights = model.weights();
        let mut known = HashMap::new();
        for (name, variable) in &mut variables {
            let shape: Vec<usize> = variable.size().iter().map(|&size| size as usize).collect();
            let values = weights
                .array(name, &shape)
                .map_err(|kind| EngineError::Weights { model: model.manifest.name.clone(), kind })?;
            let values =
                values.as_slice().ok_or_else(|| refuse(format!("tensor {name} is not in one piece")))?;
            let tensor = Tensor::from_slice(values).reshape(variable.size()).to_device(torch.device);
            variable.set_data(&tensor);
            known.insert(name.clone(), tensor);
        }
        weights
            .check_all_read(&model.config)
            .map_err(|kind| EngineError::Weights { model: model.manifest.name.clone(), kind })?;
        *torch.pool() = Pool { weights: known, idle: vec![network] };
        Ok(torch)
    }

    /// A network with weights drawn at random, and those by name.
    fn build(&self) -> Result<(Network, HashMap<String, Tensor>), String> {
        fn read<C: DeserializeOwned>(config: &Value) -> Result<C, String> {
            C::deserialize(config).map_err(|error| format!("rust-bert cannot take it: {error}"))
        }
        let mut variables = VarStore::new(self.device);
        let (root, config) = (variables.root(), &self.config);
        let network = match self.architecture {
            Architecture::Bert => {
                BertForSequenceClassification::new(root, &read::<BertConfig>(config)?).map(Network::Bert)
            }
            Architecture::DistilBert => {
                DistilBertModelClassifier::new(root, &read::<DistilBertConfig>(config)?)
                    .map(Network::DistilBert)
            }
            Architecture::Roberta => {
                RobertaForSequenceClassification::new(root, &read::<BertConfig>(config)?)
                    .map(Network::Roberta)
            }
            Architecture::Albert => {
                AlbertForSequenceClassification::new(root, &read::<AlbertConfig>(config)?)
                    .map(Network::Albert)
            }
        };
        let network = network.map_err(|error| format!("rust-bert cannot take it: {error}"))?;
        variables.freeze();
        Ok((network, variables.variables()))
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A network that nobody else runs. A new one shares its weights with the others.
    fn network(&self) -> Network {
        let mut pool = self.pool();
        pool.idle.pop().unwrap_or_else(|| {
            let (network, variables) =
                self.build().expect("the first network was built of the same configuration");
            for (name, mut variable) in variables {
                variable.set_data(&pool.weights[&name]);
            }
            network
        })
    }

    fn fill_up(&self, batch: &Batch) -> Filled {
        let longest = batch.sequences().map(<[u32]>::len).max().unwrap_or(0);
        let (mut ids, mut mask, mut positions) = (Vec::new(), Vec::new(), Vec::new());
        for sequence in batch.sequences() {
            let empty = longest - sequence.len();
            ids.extend(
                sequence.iter().map(|&id| i64::from(id)).chain(std::iter::repeat_n(self.padding, empty)),
            );
            mask.extend(std::iter::repeat_n(1_i64, sequence.len()).chain(std::iter::repeat_n(0, empty)));
            positions.extend(self.first_position..self.first_position + longest as i64);
        }
        let shape = [batch.len() as i64, longest as i64];
        let tensor = |values: &[i64]| Tensor::from_slice(values).reshape(shape).to_device(self.device);
        Filled { ids: tensor(&ids), mask: tensor(&mask), positions: tensor(&positions) }
    }
}

impl Network {
    /// A row a sequence.
    fn run(&self, Filled { ids, mask, positions }: &Filled) -> Result<Tensor, rust_bert::RustBertError> {
        let (ids, mask, positions) = (Some(ids), Some(mask), Some(positions));
        Ok(match self {
            Self::Bert(bert) => bert.forward_t(ids, mask, None, positions, None, false).logits,
            Self::DistilBert(distilbert) => distilbert.forward_t(ids, mask, None, false)?.logits,
            Self::Roberta(roberta) => roberta.forward_t(ids, mask, None, positions, None, false).logits,
            Self::Albert(albert) => albert.forward_t(ids, mask, None, positions, None, false).logits,
        })
    }
}

impl Engine for Torch {
    fn name(&self) -> &str {
        NAME
    }

    fn logits(&self, batch: &Batch) -> Result<Array2<f32>, EngineError> {
        batch.check(self.vocab_size, self.max_tokens)?;
        let network = self.network();
        let logits = no_grad(|| {
            let logits = network.run(&self.fill_up(batch)).expect("ids and mask are of one shape");
            Vec::<f32>::try_from(logits.to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view(-1))
                .expect("a vector of 32-bit numbers is one")
        });
        self.pool().idle.push(network);
        Ok(Array2::from_shape_vec((batch.len(), self.logits), logits)
            .expect("the network gives a row a sequence"))
    }
}

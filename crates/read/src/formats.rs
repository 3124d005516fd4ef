//! The formats that can be read.

pub(crate) mod arrow;
pub(crate) mod commento;
pub(crate) mod convokit;
pub(crate) mod discourse;
pub(crate) mod disqus;
pub(crate) mod facebook;
pub(crate) mod fourcat;
pub(crate) mod hacker_news;
pub(crate) mod instagram;
pub(crate) mod json;
pub(crate) mod mastodon;
pub(crate) mod ndjson;
pub(crate) mod parquet;
pub(crate) mod reddit;
pub(crate) mod reddit_api;
pub(crate) mod telegram;
pub(crate) mod text;
pub(crate) mod wordpress;
pub(crate) mod youtube;

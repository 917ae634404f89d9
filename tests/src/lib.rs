//! What the runners share: reading the corpora.

//! Does a mapping name only analysers and normalizers that there are?

use serde_json::Value;

use super::Analysis;
use super::options::Result;
use crate::error::StoreError;
use crate::mapping::{Field, Leaf, Mapping, Properties};

impl Analysis {
    /// Refuses a mapping that names unknown ones.
    pub(crate) fn check(&self, mapping: &Mapping) -> Result<()> {
        self.check_properties(&mapping.root.properties, "")
    }

    fn check_properties(&self, properties: &Properties, parent: &str) -> Result<()> {
        for (name, field) in properties.iter() {
            let path = match parent {
                "" => name.to_owned(),
                parent => format!("{parent}.{name}"),
            };
            match field {
                Field::Object(object) => self.check_properties(&object.properties, &path)?,
                Field::Leaf(leaf) => {
                    self.check_leaf(leaf, &path)?;
                    for (name, leaf) in leaf.fields.iter() {
                        self.check_leaf(leaf, &format!("{path}.{name}"))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn check_leaf(&self, leaf: &Leaf, path: &str) -> Result<()> {
        for parameter in ["analyzer", "search_analyzer", "search_quote_analyzer"] {
            let name = leaf.parameters.get(parameter).and_then(Value::as_str);
            if let Some(name) = name.filter(|it| self.analyser(it).is_none()) {
                return Err(StoreError::refused(format!(
                    "[mapper_parsing] the analyzer [{name}] of the field [{path}] is unknown: \
                     define it in the settings (analysis.analyzer), or take a built-in one"
                )));
            }
        }
        let name = leaf.parameters.get("normalizer").and_then(Value::as_str);
        match name.filter(|it| self.normalizer(it).is_none()) {
            None => Ok(()),
            Some(name) => Err(StoreError::refused(format!(
                "[mapper_parsing] the normalizer [{name}] of the field [{path}] is unknown: define \
                 it in the settings (analysis.normalizer)"
            ))),
        }
    }
}

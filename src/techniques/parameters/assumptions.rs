//! The values in force: the registry's, read at a band, under the user's.

use std::collections::BTreeMap;

use super::error::ParameterError;
use super::handle::{Handle, Position, TableHandle};
use super::of;
use crate::techniques::id::TechniqueId;
use crate::techniques::parameter::{Band, Parameter, Value};

/// Every parameter's value. A value that the user set holds in all bands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assumptions {
    bands: [Band; TechniqueId::COUNT],
    given: BTreeMap<Position, Value>,
}

/// A parameter as it is in force, for a report.
#[derive(Clone, Copy, Debug)]
pub struct InForce {
    /// The parameter.
    pub parameter: &'static Parameter,
    /// Its value; `None` where each model has its own in the price table.
    pub value: Option<Value>,
    /// Its value at the low band.
    pub low: Option<Value>,
    /// Its value at the high band.
    pub high: Option<Value>,
    /// Whether the user set it.
    pub is_given: bool,
}

impl Assumptions {
    /// The registry's typical values.
    #[must_use]
    pub fn typical() -> Self {
        Self::default()
    }

    /// Sets `TECHNIQUE.NAME` to a value written as a plain decimal.
    ///
    /// # Errors
    ///
    /// When the path names no parameter or the value is none of its unit;
    /// nothing is set then.
    pub fn set(&mut self, path: &str, value: &str) -> Result<(), ParameterError> {
        let (technique, name) = path
            .trim()
            .split_once('.')
            .ok_or_else(|| ParameterError::NoDot { path: path.trim().to_owned() })?;
        let technique = TechniqueId::parse(technique)
            .ok_or_else(|| ParameterError::UnknownTechnique { technique: technique.to_owned() })?;
        let mut places = of(technique).iter().enumerate();
        let (place, parameter) = places
            .find(|(_, parameter)| parameter.name == name)
            .ok_or_else(|| ParameterError::UnknownName { technique, name: name.to_owned() })?;
        let read = Value::parse(value.trim()).filter(|value| parameter.unit.allows(*value));
        let read = read.ok_or_else(|| ParameterError::BadValue {
            path: format!("{}.{name}", technique.name()),
            value: value.trim().to_owned(),
            unit: parameter.unit,
        })?;
        self.given.insert(Position { technique, place }, read);
        Ok(())
    }

    /// The value in force: the user's, else the registry's at the technique's
    /// band.
    #[must_use]
    pub fn value(&self, handle: Handle) -> Value {
        self.band(handle, self.bands[handle.position.technique.index()])
    }

    /// The value at a band; the user's where one is set.
    #[must_use]
    pub fn band(&self, handle: Handle, band: Band) -> Value {
        self.given.get(&handle.position).copied().unwrap_or_else(|| handle.spread.at(band))
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn is_on(&self, handle: Handle) -> bool {
        self.value(handle) != Value::ZERO
    }

    /// The user's value; `None` leaves each model its own in the price table.
    #[must_use]
    pub fn given(&self, handle: TableHandle) -> Option<Value> {
        self.given.get(&handle.position).copied()
    }

    /// Whether the user set a parameter.
    #[must_use]
    pub fn is_given(&self, handle: Handle) -> bool {
        self.given.contains_key(&handle.position)
    }

    /// The same with every technique at a band.
    #[must_use]
    pub fn at(&self, band: Band) -> Self {
        Self { bands: [band; TechniqueId::COUNT], given: self.given.clone() }
    }

    /// The same with one technique at a band.
    #[must_use]
    pub fn with_band(&self, technique: TechniqueId, band: Band) -> Self {
        let mut changed = self.clone();
        changed.bands[technique.index()] = band;
        changed
    }

    /// The same with one parameter at a drawn value, unless the user set it.
    #[must_use]
    pub fn with_value(&self, handle: Handle, value: Value) -> Self {
        let mut changed = self.clone();
        changed.given.entry(handle.position).or_insert(value);
        changed
    }

    /// The parameters of a technique as they are in force, in the registry's
    /// order.
    pub fn in_force(&self, technique: TechniqueId) -> impl Iterator<Item = InForce> {
        of(technique).iter().enumerate().map(move |(place, parameter)| {
            let given = self.given.get(&Position { technique, place }).copied();
            let at = |band| given.or(parameter.spread.map(|spread| spread.at(band)));
            InForce {
                parameter,
                value: at(self.bands[technique.index()]),
                low: at(Band::Low),
                high: at(Band::High),
                is_given: given.is_some(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Assumptions;
    use crate::techniques::id::TechniqueId;
    use crate::techniques::parameter::{Band, Unit, Value};
    use crate::techniques::parameters::error::ParameterError;
    use crate::techniques::parameters::{model_routing, prompt_caching, semantic_dedup};

    #[test]
    fn a_value_is_the_bands_until_the_user_sets_it() {
        let mut assumptions = Assumptions::typical();
        assert_eq!(assumptions.value(model_routing::SHARE), Value::hundredths(50));
        let high = assumptions.with_band(TechniqueId::ModelRouting, Band::High);
        assert_eq!(high.value(model_routing::SHARE), Value::hundredths(70));
        assert_eq!(high.value(semantic_dedup::PRECISION), Value::hundredths(95));
        assert_eq!(high.at(Band::Low).value(semantic_dedup::PRECISION), Value::hundredths(80));

        assumptions.set("model-routing.share", " 0.4 ").unwrap();
        for band in [Band::Low, Band::Typical, Band::High] {
            assert_eq!(assumptions.at(band).value(model_routing::SHARE), Value::hundredths(40));
        }
        let given = |technique| {
            let parameters = assumptions.in_force(technique).filter(|parameter| parameter.is_given);
            parameters.map(|parameter| parameter.parameter.name).collect::<Vec<_>>()
        };
        assert_eq!(given(TechniqueId::ModelRouting), ["share"]);
        assert_eq!(given(TechniqueId::PromptCaching), Vec::<&str>::new());
    }

    #[test]
    fn what_the_price_table_knows_has_no_value_until_set() {
        let mut assumptions = Assumptions::typical();
        assert_eq!(assumptions.given(prompt_caching::TTL_SECONDS), None);
        assumptions.set("prompt-caching.ttl_seconds", "inf").unwrap();
        assert_eq!(assumptions.given(prompt_caching::TTL_SECONDS), Some(Value::INFINITE));
        assert_eq!(assumptions.given(prompt_caching::MIN_PREFIX_TOKENS), None);
    }

    #[test]
    fn a_wrong_setting_says_what_is_wrong_and_sets_nothing() {
        let mut assumptions = Assumptions::typical();
        let wrong = |path: &str, value: &str| {
            let mut assumptions = Assumptions::typical();
            let error = assumptions.set(path, value).unwrap_err();
            assert_eq!(assumptions, Assumptions::typical());
            error
        };
        assert_eq!(wrong("share", "1"), ParameterError::NoDot { path: "share".to_owned() });
        let technique = wrong("model-rooting.share", "1");
        let (word, words) = technique.misspelt().unwrap();
        assert!(word == "model-rooting" && words.contains(&"model-routing"));
        let name = wrong("model-routing.shore", "1");
        let (word, words) = name.misspelt().unwrap();
        assert!(word == "shore" && words.contains(&"share") && !words.contains(&"precision"));
        let value = wrong("model-routing.share", "1.2");
        assert_eq!(
            value.to_string(),
            "`1.2` is no value of model-routing.share: it takes a share from 0 to 1"
        );
        let expected = ParameterError::BadValue {
            path: "output-capping.minimum_calls".to_owned(),
            value: "inf".to_owned(),
            unit: Unit::Count,
        };
        assert_eq!(wrong("output-capping.minimum_calls", "inf"), expected);
        assumptions.set("output-capping.minimum_calls", "30").unwrap();
        assert_ne!(assumptions, Assumptions::typical());
    }
}

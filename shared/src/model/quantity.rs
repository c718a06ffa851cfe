//! Resource quantities, as in `500m`, `1.5Gi`, `2e3`.

use serde::{Deserialize, Deserializer, Serialize};

/// A quantity as it was written; [`Quantity::value`] is its number in base units (cores, bytes, objects).
///
/// Grammar: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Quantity(String);

impl Quantity {
    /// A quantity from its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number in base units; `None` when the text is no quantity.
    pub fn value(&self) -> Option<f64> {
        let text = self.0.trim();
        if let Ok(plain) = text.parse::<f64>() {
            return plain.is_finite().then_some(plain);
        }
        let digits = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (number, suffix) = text.split_at(digits);
        let factor = match suffix {
            "n" => 1e-9,
            "u" => 1e-6,
            "m" => 1e-3,
            "k" => 1e3,
            "M" => 1e6,
            "G" => 1e9,
            "T" => 1e12,
            "P" => 1e15,
            "E" => 1e18,
            "Ki" => 1024.0,
            "Mi" => 1024f64.powi(2),
            "Gi" => 1024f64.powi(3),
            "Ti" => 1024f64.powi(4),
            "Pi" => 1024f64.powi(5),
            "Ei" => 1024f64.powi(6),
            _ => return None,
        };
        number.parse::<f64>().ok().map(|number| number * factor)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Integer(i64),
            Float(f64),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Text(text) => Self(text),
            Form::Integer(number) => Self(number.to_string()),
            Form::Float(number) => Self(number.to_string()),
        })
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_scale_to_base_units() {
        for (text, value) in
            [("500m", 0.5), ("2", 2.0), ("1Ki", 1024.0), ("1.5Gi", 1_610_612_736.0), ("2e3", 2000.0), ("1E", 1e18)]
        {
            assert_eq!(Quantity::new(text).value(), Some(value), "{text}");
        }
        for text in ["", "five", "5Q", "m"] {
            assert_eq!(Quantity::new(text).value(), None, "{text}");
        }
    }
}

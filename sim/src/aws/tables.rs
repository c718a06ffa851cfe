//! DynamoDB: tables with the string keys `pk` and `sk`, and of its operations and expressions those that the product's
//! store uses. Whatever else is asked for is refused rather than misunderstood.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html>

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::error::AwsError;
use super::value::{Value, structure};

type Item = IndexMap<String, Value>;

/// A table.
#[derive(Debug, Default)]
pub(super) struct Table {
    items: BTreeMap<(String, String), Item>,
}

fn invalid(what: impl Into<String>) -> AwsError {
    AwsError::bad("ValidationException", what)
}

/// What an attribute value holds, `{"S": "…"}` or `{"N": "…"}`.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Scalar {
    Text(String),
    Number(f64),
}

fn scalar(value: &Value) -> Option<Scalar> {
    if let Some(text) = value.get("S").text() {
        return Some(Scalar::Text(text.to_owned()));
    }
    value.get("N").text()?.parse().ok().map(Scalar::Number)
}

/// The primary key among these attributes.
fn key(attributes: &Value) -> Result<(String, String), AwsError> {
    let part = |name: &str| match attributes.get(name).get("S").text() {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(invalid(format!("One or more parameter values were invalid: Missing the key {name} in the item"))),
    };
    Ok((part("pk")?, part("sk")?))
}

/// Whether an expression of comparisons joined by OR holds of an item.
fn holds(input: &Value, item: Option<&Item>) -> Result<bool, AwsError> {
    let Some(expression) = input.get("ConditionExpression").text() else { return Ok(true) };
    let name = |token: &str| match token.starts_with('#') {
        true => input.get("ExpressionAttributeNames").get(token).text().unwrap_or_default().to_owned(),
        false => token.to_owned(),
    };
    let unknown = || invalid(format!("sim does not know the expression {expression:?}"));
    for part in expression.split(" OR ") {
        if let Some(inner) = part.strip_prefix("attribute_not_exists(").and_then(|rest| rest.strip_suffix(')')) {
            if item.is_none_or(|item| !item.contains_key(&name(inner))) {
                return Ok(true);
            }
            continue;
        }
        let words: Vec<&str> = part.split(' ').collect();
        let [attribute, operator, value] = words[..] else { return Err(unknown()) };
        let right = scalar(input.get("ExpressionAttributeValues").get(value)).ok_or_else(unknown)?;
        let Some(left) = item.and_then(|item| item.get(&name(attribute))).and_then(scalar) else { continue };
        let is = match operator {
            "=" => left == right,
            "<=" => left <= right,
            _ => return Err(unknown()),
        };
        if is {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Table {
    /// One call.
    pub(super) fn call(&mut self, operation: &str, input: &Value) -> Result<Value, AwsError> {
        match operation {
            "GetItem" => {
                let found = self.items.get(&key(input.get("Key"))?).cloned();
                Ok(structure([("Item", found.map_or(Value::Null, Value::Map))]))
            }
            "PutItem" => {
                let place = key(input.get("Item"))?;
                self.check(input, &place)?;
                let Value::Map(item) = input.get("Item").clone() else { return Err(invalid("no item")) };
                self.items.insert(place, item);
                Ok(structure([]))
            }
            "DeleteItem" => {
                let place = key(input.get("Key"))?;
                self.check(input, &place)?;
                self.items.remove(&place);
                Ok(structure([]))
            }
            "Query" => self.query(input),
            _ => Err(AwsError::bad("UnknownOperationException", format!("sim has no operation {operation}"))),
        }
    }

    fn check(&self, input: &Value, place: &(String, String)) -> Result<(), AwsError> {
        let old = self.items.get(place);
        if holds(input, old)? {
            return Ok(());
        }
        let mut error = AwsError::bad("ConditionalCheckFailedException", "The conditional request failed");
        if input.get("ReturnValuesOnConditionCheckFailure").text() == Some("ALL_OLD") {
            error.item = old.cloned().map(Value::Map);
        }
        Err(error)
    }

    fn query(&self, input: &Value) -> Result<Value, AwsError> {
        let value = |name: &str| {
            let text = input.get("ExpressionAttributeValues").get(name).get("S").text();
            text.map(str::to_owned).ok_or_else(|| invalid(format!("{name} is not defined")))
        };
        let partition = value(":pk")?;
        let fits: Box<dyn Fn(&str) -> bool> = match input.get("KeyConditionExpression").text().unwrap_or_default() {
            "pk = :pk" => Box::new(|_| true),
            "pk = :pk AND begins_with(sk, :prefix)" => {
                let prefix = value(":prefix")?;
                Box::new(move |sort| sort.starts_with(&prefix))
            }
            "pk = :pk AND sk BETWEEN :from AND :to" => {
                let (from, to) = (value(":from")?, value(":to")?);
                Box::new(move |sort| (from.as_str()..=to.as_str()).contains(&sort))
            }
            other => return Err(invalid(format!("sim does not know the key condition {other:?}"))),
        };
        let start = match input.get("ExclusiveStartKey") {
            Value::Null => None,
            given => Some(key(given)?.1),
        };
        let forward = input.get("ScanIndexForward").flag().unwrap_or(true);
        let after = |sort: &str| start.as_deref().is_none_or(|start| if forward { sort > start } else { sort < start });
        let mut found: Vec<(&str, &Item)> = self
            .items
            .range((partition.clone(), String::new())..)
            .take_while(|((pk, _), _)| *pk == partition)
            .filter(|((_, sk), _)| fits(sk) && after(sk))
            .map(|((_, sk), item)| (sk.as_str(), item))
            .collect();
        if !forward {
            found.reverse();
        }
        let limit = input.get("Limit").integer().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let text = |text: &str| structure([("S", text.into())]);
        // As the service does: a page that is full names its last key, whether or not there is more.
        let last = (found.len() >= limit).then(|| found.get(limit - 1)).flatten();
        let last = last.map(|(sort, _)| structure([("pk", text(&partition)), ("sk", text(sort))]));
        let items: Vec<Value> = found.into_iter().take(limit).map(|(_, item)| Value::Map(item.clone())).collect();
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        Ok(structure([
            ("Count", count.into()),
            ("ScannedCount", count.into()),
            ("Items", Value::List(items)),
            ("LastEvaluatedKey", last.unwrap_or_default()),
        ]))
    }
}

//! How like two incidents are: BM25 over fields (Robertson and Zaragoza, <https://doi.org/10.1561/1500000019>, section 3.6).
//!
//! Each field of a document counts with a weight of its own and is normalized by its own length; a word that is rare among
//! the documents says more than one that all of them have. The score is divided by what the question would score against a
//! document that has every word of it, so that it is between 0 and 1 and can be compared from one store to the next.
//!
//! Some tens of short documents are compared, in memory, in well under a millisecond: no index is kept.

use std::collections::{BTreeMap, BTreeSet};

use super::{IncidentDocument, words};
use crate::diagnosis::CauseId;
use crate::model::ObjectRef;

/// How soon a word's repetition stops counting.
const K1: f64 = 1.2;
/// What shares neither cause nor object has to be this like to be shown.
const LEAST: f64 = 0.35;

/// What is asked about: the incident at hand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Question {
    /// Its cause, where known.
    pub cause: Option<CauseId>,
    /// The object that has to be changed, where known.
    pub object: Option<ObjectRef>,
    /// Names of its alarms, and what it is called.
    pub alarms: Vec<String>,
    /// What the evidence says.
    pub errors: Vec<String>,
}

/// A document with how like it is.
#[derive(Debug, Clone, Copy)]
pub struct Likeness<'a> {
    /// The document.
    pub document: &'a IncidentDocument,
    /// 0 for nothing in common, 1 for everything that was asked for.
    pub likeness: f64,
    /// The same cause.
    pub same_cause: bool,
    /// The same object.
    pub same_object: bool,
}

/// A field: its weight, and how much its length matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Cause,
    Workload,
    Kind,
    Alarms,
    Errors,
}

impl Field {
    const fn weight(self) -> f64 {
        match self {
            Self::Cause => 4.0,
            Self::Workload => 3.0,
            Self::Kind => 0.5,
            Self::Alarms => 1.0,
            Self::Errors => 1.5,
        }
    }

    /// 0: a field of one word; 0.75: running text.
    const fn length_matters(self) -> f64 {
        match self {
            Self::Cause | Self::Workload | Self::Kind => 0.0,
            Self::Alarms | Self::Errors => 0.75,
        }
    }
}

/// Words by field. A word of one field is another than the same word of another field, except that alarms and errors are
/// both running text: they share theirs.
type Fields = BTreeMap<Field, Vec<String>>;

fn fields(cause: Option<&CauseId>, object: Option<&ObjectRef>, alarms: &[String], errors: &[String]) -> Fields {
    let mut fields = Fields::new();
    fields.insert(Field::Cause, cause.map(|cause| format!("cause:{cause}")).into_iter().collect());
    let workload = object.map(|object| format!("object:{}/{}", object.namespace, object.name));
    fields.insert(Field::Workload, workload.into_iter().collect());
    fields.insert(Field::Kind, object.map(|object| format!("kind:{}", object.kind.as_str())).into_iter().collect());
    let text = |lines: &[String]| lines.iter().flat_map(|line| words(line)).collect::<Vec<_>>();
    fields.insert(Field::Alarms, text(alarms));
    fields.insert(Field::Errors, text(errors));
    fields
}

/// The documents that are like what is asked about, the most like first; of two that are equally like, the later one.
pub fn rank<'a>(question: &Question, documents: &'a [IncidentDocument], limit: usize) -> Vec<Likeness<'a>> {
    let asked = fields(question.cause.as_ref(), question.object.as_ref(), &question.alarms, &question.errors);
    let all: Vec<(&IncidentDocument, Fields)> = documents
        .iter()
        .map(|document| {
            let mut alarms = document.alarms.clone();
            alarms.push(document.headline.clone());
            (document, fields(document.cause.as_ref(), document.object.as_ref(), &alarms, &document.errors))
        })
        .collect();
    let statistics = Statistics::of(&all);
    let terms: BTreeSet<&String> = asked.values().flatten().collect();
    let ideal: f64 = terms.iter().map(|term| statistics.rarity(term) * saturated(ideal_frequency(term, &asked))).sum();
    let mut found: Vec<Likeness<'a>> = all
        .iter()
        .map(|(document, fields)| {
            let score: f64 =
                terms.iter().map(|term| statistics.rarity(term) * saturated(statistics.frequency(term, fields))).sum();
            let likeness = if ideal > 0.0 { (score / ideal).min(1.0) } else { 0.0 };
            Likeness {
                document,
                likeness,
                same_cause: question.cause.is_some() && question.cause == document.cause,
                same_object: question.object.is_some() && question.object == document.object,
            }
        })
        .filter(|found| found.same_cause || found.same_object || found.likeness >= LEAST)
        .collect();
    found.sort_by(|one, other| {
        let by_likeness = other.likeness.total_cmp(&one.likeness);
        by_likeness.then_with(|| other.document.opened_at.cmp(&one.document.opened_at))
    });
    found.truncate(limit);
    found
}

const fn saturated(frequency: f64) -> f64 {
    frequency * (K1 + 1.0) / (frequency + K1)
}

/// A word that the document has once, in the field that it was asked for in, at the usual length.
fn ideal_frequency(term: &str, asked: &Fields) -> f64 {
    let weights =
        asked.iter().filter(|(_, words)| words.iter().any(|word| word == term)).map(|(field, _)| field.weight());
    weights.fold(0.0, f64::max)
}

/// What is known of all documents together.
struct Statistics {
    documents: f64,
    /// In how many documents each word is.
    containing: BTreeMap<String, f64>,
    /// The usual length of each field.
    length: BTreeMap<Field, f64>,
}

impl Statistics {
    fn of(all: &[(&IncidentDocument, Fields)]) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "counts of documents and words are small")]
        let count = |count: usize| count as f64;
        let mut containing: BTreeMap<String, f64> = BTreeMap::new();
        let mut length: BTreeMap<Field, f64> = BTreeMap::new();
        for (_, fields) in all {
            let unique: BTreeSet<&String> = fields.values().flatten().collect();
            for word in unique {
                *containing.entry(word.clone()).or_default() += 1.0;
            }
            for (field, words) in fields {
                *length.entry(*field).or_default() += count(words.len());
            }
        }
        let documents = count(all.len());
        length.values_mut().for_each(|length| *length = (*length / documents).max(1.0));
        Self { documents, containing, length }
    }

    /// The inverse document frequency, in the form that is never negative.
    fn rarity(&self, term: &str) -> f64 {
        let containing = self.containing.get(term).copied().unwrap_or(0.0);
        (1.0 + (self.documents - containing + 0.5) / (containing + 0.5)).ln()
    }

    /// How often a document has this word, weighed and normalized field by field.
    fn frequency(&self, term: &str, fields: &Fields) -> f64 {
        fields
            .iter()
            .map(|(field, words)| {
                #[allow(clippy::cast_precision_loss, reason = "counts of words are small")]
                let (count, own) = (words.iter().filter(|word| *word == term).count() as f64, words.len() as f64);
                let usual = self.length.get(field).copied().unwrap_or(1.0);
                let matters = field.length_matters();
                field.weight() * count / (1.0 - matters + matters * own / usual)
            })
            .sum()
    }
}

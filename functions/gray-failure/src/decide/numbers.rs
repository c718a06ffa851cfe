//! The small statistics of the judgement.

use serde::{Deserialize, Serialize};
use statrs::function::beta::beta_reg;

/// How likely `n` tries give `k` or more, each with chance `p`: the exact one-sided binomial test. Of the faults of a zone
/// and of the others together, conditioned on their sum, it is the test of Fisher's kind that traffic normalizes: `p` is
/// then the zone's share of what would be expected.
pub(crate) fn binomial_at_least(k: f64, n: f64, p: f64) -> f64 {
    let (k, n) = (k.round(), n.round());
    if k <= 0.0 {
        return 1.0;
    }
    if k > n || !(0.0..=1.0).contains(&p) {
        return 0.0;
    }
    beta_reg(k, n - k + 1.0, p)
}

/// The logarithm of the chance of a count under a Poisson whose rate is Gamma distributed: the negative binomial.
pub(crate) fn ln_negative_binomial(k: f64, shape: f64, rate: f64, exposure: f64) -> f64 {
    ln_gamma(shape + k) - ln_gamma(shape) - ln_gamma(k + 1.0) + shape * (rate / (rate + exposure)).ln()
        - if k > 0.0 { k * ((rate + exposure) / exposure).ln() } else { 0.0 }
}

/// The logarithm of the gamma function of a number above 0: Stirling's series, from 8 on, to nine digits.
pub(crate) fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 1.0);
    while x < 8.0 {
        below *= x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let series = inverse * (1.0 / 12.0 - inverse * inverse * (1.0 / 360.0 - inverse * inverse / 1260.0));
    let ln = (x - 0.5) * x.ln() - x + 0.918_938_533_204_672_7 + series;
    if below == 1.0 { ln } else { ln - below.ln() }
}

/// `ln(Σ exp)` of terms that come one by one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogSum {
    largest: f64,
    sum: f64,
}

impl LogSum {
    pub(crate) const fn new() -> Self {
        Self { largest: f64::NEG_INFINITY, sum: 0.0 }
    }

    pub(crate) fn add(&mut self, term: f64) {
        if term == f64::NEG_INFINITY {
            return;
        }
        if term > self.largest {
            self.sum = self.sum * (self.largest - term).exp() + 1.0;
            self.largest = term;
        } else {
            self.sum += (term - self.largest).exp();
        }
    }

    pub(crate) fn ln(self) -> f64 {
        if self.sum > 0.0 { self.largest + self.sum.ln() } else { f64::NEG_INFINITY }
    }
}

/// A sum that forgets: what is `half_life` updates old counts half.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fading(pub(crate) f64);

impl Fading {
    pub(crate) fn add(&mut self, value: f64, half_life: f64) {
        self.0 = self.0 * (-std::f64::consts::LN_2 / half_life).exp() + value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binomial_tail_is_the_sum_of_its_terms() {
        // n = 5, p = 1/4: P(X >= 4) = 5·3/1024 + 1/1024.
        assert!((binomial_at_least(4.0, 5.0, 0.25) - 16.0 / 1024.0).abs() < 1e-12);
        assert_eq!(binomial_at_least(0.0, 5.0, 0.25), 1.0);
        assert_eq!(binomial_at_least(6.0, 5.0, 0.25), 0.0);
    }

    #[test]
    fn the_gamma_function_is_that_of_the_library() {
        for x in [1e-3, 0.5, 1.0, 1.7, 3.0, 7.9, 8.0, 25.0, 1e3, 1e6] {
            let (own, theirs) = (ln_gamma(x), statrs::function::gamma::ln_gamma(x));
            assert!((own - theirs).abs() <= 1e-8 * theirs.abs().max(1.0), "{x}: {own} {theirs}");
        }
    }

    #[test]
    fn the_negative_binomial_sums_to_one() {
        let total: f64 = (0..400).map(|k| ln_negative_binomial(f64::from(k), 2.5, 3.0, 20.0).exp()).sum();
        assert!((total - 1.0).abs() < 1e-9, "{total}");
    }

    #[test]
    fn a_log_sum_is_the_log_of_the_sum() {
        let mut sum = LogSum::new();
        [1.0, 3.0, f64::NEG_INFINITY, 2.0].into_iter().for_each(|term| sum.add(term));
        assert!((sum.ln() - (1f64.exp() + 2f64.exp() + 3f64.exp()).ln()).abs() < 1e-12);
    }
}

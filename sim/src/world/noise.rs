//! Randomness without state: a number drawn from the seed and from what it is drawn for.
//!
//! The same seed gives the same world however the clock is stepped and in whatever order things are asked for, which a
//! stream of random numbers would not.

/// A source of repeatable noise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x9e37_79b9_7f4a_7c15))
    }

    /// Noise for one subject.
    pub(crate) fn of(self, subject: &str) -> Self {
        Self(subject.bytes().fold(self.0, |hash, byte| mix(hash ^ u64::from(byte))))
    }

    /// Noise for one moment or number.
    pub(crate) fn at(self, number: i64) -> Self {
        Self(mix(self.0 ^ (number as u64).wrapping_mul(0xd6e8_feb8_6659_fd93)))
    }

    /// 64 bits.
    pub(crate) fn bits(self) -> u64 {
        mix(self.0)
    }

    /// Uniform in `[0, 1)`.
    pub(crate) fn unit(self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `[-1, 1)`, denser around zero (the mean of three draws).
    pub(crate) fn bell(self) -> f64 {
        (self.at(1).unit() + self.at(2).unit() + self.at(3).unit()) * 2.0 / 3.0 - 1.0
    }

    /// An index below `length`.
    pub(crate) fn below(self, length: usize) -> usize {
        (self.bits() % length.max(1) as u64) as usize
    }

    /// A suffix as Kubernetes makes them: no vowels, nothing that looks alike.
    pub(crate) fn suffix(self, length: usize) -> String {
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..length).map(|i| char::from(ALPHABET[self.at(i as i64).below(ALPHABET.len())])).collect()
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(self) -> String {
        let (high, low) = (self.at(-1).bits(), self.at(-2).bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }

    /// Hexadecimal digits.
    pub(crate) fn hex(self, digits: usize) -> String {
        (0..digits).map(|i| char::from(b"0123456789abcdef"[self.at(i as i64).below(16)])).collect()
    }
}

/// The finalizer of splitmix64.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

//! Seeded draws, the same on every machine.

/// `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub struct Generator(u64);

impl Generator {
    /// A generator that starts from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws the next number.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Draws a position among so many things; 0 where there is none.
    pub fn position(&mut self, count: usize) -> usize {
        usize::try_from(self.draw() % count.max(1) as u64).unwrap_or(0)
    }

    /// Puts things into a random order, every order as likely as any other
    /// (Fisher and Yates).
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.position(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Generator;

    #[test]
    fn the_generator_is_the_published_one() {
        // First outputs for seed 1234567 as the reference implementation gives.
        let mut generator = Generator::new(1_234_567);
        assert_eq!(generator.draw(), 6_457_827_717_110_365_317);
        assert_eq!(generator.draw(), 3_203_168_211_198_807_973);
        // 6,457,827,717,110,365,317 mod 10.
        assert_eq!(Generator::new(1_234_567).position(10), 7);
        assert_eq!(Generator::new(1_234_567).position(0), 0);
        // The first mod 3 is 0, so the third goes there; the second is odd and stays.
        let mut things = ['a', 'b', 'c'];
        Generator::new(1_234_567).shuffle(&mut things);
        assert_eq!(things, ['c', 'b', 'a']);
    }
}

//! Points in time, as the wrappers of alerts print them.

/// Nanoseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(i128);

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND;
/// Where years have five digits.
const LAST: i128 = 253_402_300_800 * SECOND;
/// Offsets of time zones are multiples of this.
const QUARTER: i128 = 900 * SECOND;
/// How long after the event its line may have been wrapped, to be still certain which one it is.
const LATE: i128 = 60 * SECOND;
/// How far the wrapper's clock may be behind.
const EARLY: i128 = SECOND;

impl Instant {
    /// `2026-04-13T17:57:43.728694426Z`, with or without a fraction, with `Z`, `+00:00` or `+0000`.
    /// Without an offset there is no instant.
    pub(crate) fn parse(text: impl AsRef<[u8]>) -> Option<Self> {
        let bytes = text.as_ref();
        let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        if bytes.len() < 20
            || separators.iter().any(|(at, byte)| bytes[*at] != *byte)
            || !matches!(bytes[10], b'T' | b't' | b' ')
        {
            return None;
        }
        let date = days(digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..10])?)?;
        let clock = clock(&bytes[11..19])?;
        let mut rest = &bytes[19..];
        let mut fraction = 0;
        if let [b'.' | b',', tail @ ..] = rest {
            let len = tail.iter().take_while(|b| b.is_ascii_digit()).count();
            fraction = nanos(&tail[..len])?;
            rest = &tail[len..];
        }
        let offset = match rest {
            [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), zone @ ..] => {
                let (hours, minutes) = match zone.len() {
                    2 => (&zone[..2], &b"00"[..]),
                    4 => (&zone[..2], &zone[2..]),
                    5 if zone[2] == b':' => (&zone[..2], &zone[3..]),
                    _ => return None,
                };
                let (hours, minutes) = (digits(hours)?, digits(minutes)?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let offset = i128::from(hours * 60 + minutes) * 60 * SECOND;
                if *sign == b'-' { -offset } else { offset }
            }
            _ => return None,
        };
        Some(Self(i128::from(date) * DAY + clock + fraction - offset))
    }

    /// Microseconds since 1970, as journald counts.
    pub(crate) fn from_micros(text: &[u8]) -> Option<Self> {
        std::str::from_utf8(text)
            .ok()?
            .parse::<u64>()
            .ok()
            .map(|micros| Self(i128::from(micros) * 1000))
    }

    /// Nanoseconds since 1970, as Falco's `evt.time` counts.
    pub(crate) fn from_nanos(text: &[u8]) -> Option<Self> {
        Self::from_parts(b"0", text)
    }

    /// Seconds since 1970, and nanoseconds, up to the year 9999.
    pub(crate) fn from_parts(seconds: &[u8], nanos: &[u8]) -> Option<Self> {
        let number = |text| std::str::from_utf8(text).ok()?.parse::<u64>().ok().map(i128::from);
        let nanos = number(seconds)?.checked_mul(SECOND)? + number(nanos)?;
        (nanos < LAST).then_some(Self(nanos))
    }

    /// Nanoseconds since 1970.
    pub(crate) fn nanos(self) -> i128 {
        self.0
    }

    /// Whole milliseconds since 1970.
    pub(crate) fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000) as i64
    }

    /// The instant of a clock time `HH:MM:SS.nnnnnnnnn` without date and zone, given when its line was
    /// wrapped, which is at most a minute later. None where that does not fit.
    pub(crate) fn of_clock(wrapped: Self, clock_time: &str) -> Option<Self> {
        let (clock_text, fraction) = clock_time.split_once('.')?;
        let time = clock(clock_text.as_bytes())? + nanos(fraction.as_bytes())?;
        let late = (wrapped.0 - time).rem_euclid(QUARTER);
        if late <= LATE {
            Some(Self(wrapped.0 - late))
        } else if QUARTER - late <= EARLY {
            Some(Self(wrapped.0 + (QUARTER - late)))
        } else {
            None
        }
    }

    /// Whole seconds since 1970.
    #[cfg(feature = "report")]
    pub(crate) fn seconds(self) -> i64 {
        // Years have four digits.
        i64::try_from(self.0.div_euclid(SECOND)).unwrap_or_default()
    }

    /// The opposite of [`Self::seconds`].
    #[cfg(feature = "report")]
    pub(crate) fn from_seconds(seconds: i64) -> Self {
        Self(i128::from(seconds) * SECOND)
    }

    /// In Falco's own form, `2026-04-13T17:57:43.728694426Z`.
    pub(crate) fn falco(self) -> String {
        let day = self.0.div_euclid(DAY);
        let rest = self.0.rem_euclid(DAY);
        let (year, month, date) = civil(day as i64);
        let seconds = (rest / SECOND) as i64;
        let mut text = String::with_capacity(32);
        // Formatting costs an interpreter ten times as much.
        let parts = [
            (year, 4, '-'),
            (month, 2, '-'),
            (date, 2, 'T'),
            (seconds / 3600, 2, ':'),
            (seconds / 60 % 60, 2, ':'),
            (seconds % 60, 2, '.'),
            ((rest % SECOND) as i64, 9, 'Z'),
        ];
        for (number, width, behind) in parts {
            let mut buffer = itoa::Buffer::new();
            let digits = buffer.format(number);
            text.extend((digits.len()..width).map(|_| '0'));
            text.push_str(digits);
            text.push(behind);
        }
        text
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
    })
}

/// Nanoseconds of the digits behind the point, at most nine.
fn nanos(bytes: &[u8]) -> Option<i128> {
    if bytes.is_empty() || bytes.len() > 9 {
        return None;
    }
    let number = digits(bytes)?;
    Some(i128::from(number) * 10_i128.pow(9 - bytes.len() as u32))
}

/// Nanoseconds of `HH:MM:SS`.
fn clock(text: &[u8]) -> Option<i128> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = text else {
        return None;
    };
    let (hour, minute, second) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?, digits(&[*s1, *s2])?);
    (hour < 24 && minute < 60 && second < 61).then(|| i128::from(hour * 3600 + minute * 60 + second) * SECOND)
}

/// Days since 1970 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era_days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    Some(era * 146_097 + of_era_days - 719_468)
}

/// The date of a day since 1970.
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day - era * 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn offsets_and_fractions() {
        let z = Instant::parse("2026-04-13T17:57:43.728694426Z").unwrap();
        assert_eq!(z.falco(), "2026-04-13T17:57:43.728694426Z");
        for same in [
            "2026-04-13T19:57:43.728694426+02:00",
            "2026-04-13T19:57:43.728694426+0200",
            "2026-04-13 12:27:43.728694426-05:30",
        ] {
            assert_eq!(Instant::parse(same), Some(z), "{same}");
        }
        assert_eq!(
            Instant::parse("2024-02-29T00:00:00Z").unwrap().falco(),
            "2024-02-29T00:00:00.000000000Z"
        );
        for none in [
            "2026-04-13T17:57:43.7286",
            "2026-13-13T17:57:43Z",
            "2021-04-13T20:58:00.746609046Z+2",
            "",
        ] {
            assert_eq!(Instant::parse(none), None, "{none}");
        }
    }

    #[test]
    fn a_clock_time_is_completed_only_where_it_fits() {
        let wrapped = Instant::parse("2026-04-13T00:00:03Z").unwrap();
        let complete = |clock| Instant::of_clock(wrapped, clock).map(Instant::falco);
        // The host runs on UTC; the event was just before midnight.
        assert_eq!(
            complete("23:59:59.500000000").as_deref(),
            Some("2026-04-12T23:59:59.500000000Z")
        );
        // The host runs on +05:30.
        assert_eq!(
            complete("05:30:02.000000001").as_deref(),
            Some("2026-04-13T00:00:02.000000001Z")
        );
        // Five minutes are no time zone.
        assert_eq!(complete("23:55:00.000000000"), None);
        assert_eq!(complete("25:00:00.000000000"), None);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(nanos in -30_000_000_000_000_000_000_i128..200_000_000_000_000_000_000) {
            let instant = Instant(nanos);
            prop_assert_eq!(Instant::parse(instant.falco()), Some(instant));
        }
    }
}

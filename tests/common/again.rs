//! Alerts as they repeat.

/// The same alert of another container and another command, for those of the project's examples.
pub fn another(line: &str, at: usize) -> String {
    let container = format!("{:012x}", 0xa123_4567_0000 + at);
    line.replace("64fac540e48f", &container)
        .replace("4cc4da328699", &container)
        .replace("calico_tmp_A", &format!("calico_tmp_{at:04}"))
}

/// The same line at another time. All of its times are within the same second, and differ from those of other rounds; so
/// does its UUID, where it has one.
pub fn again(line: &[u8], round: usize) -> Vec<u8> {
    let clock = format!("{:02}:{:02}", round / 60 % 60, round % 60);
    let fraction = format!("{:09}", round * 7_919_013 % 1_000_000_000);
    let mut again = line.to_vec();
    let digits = |from: usize| line.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let like = |at: usize, sample: &[u8]| {
        line.get(at..at + sample.len()).is_some_and(|text| {
            let mut pairs = text.iter().zip(sample);
            pairs.all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                b'f' => byte.is_ascii_hexdigit(),
                _ => byte == like,
            })
        })
    };
    let mut put = |at: usize, text: &str| again[at..at + text.len()].copy_from_slice(text.as_bytes());
    for at in 0..line.len() {
        let begins = at == 0 || !line[at - 1].is_ascii_hexdigit();
        if begins && like(at, b"00:00:00") {
            put(at + 3, &clock);
            if line.get(at + 8) == Some(&b'.') {
                put(at + 9, &fraction[..digits(at + 9).min(9)]);
            }
        } else if begins && digits(at) == 19 {
            put(at + 10, &fraction);
        } else if begins && like(at, b"ffffffff-ffff-ffff-ffff-ffffffffffff") {
            put(at + 30, &format!("{:06x}", round & 0xff_ffff));
        }
    }
    again
}

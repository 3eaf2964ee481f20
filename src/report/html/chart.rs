//! Charts: a timeline in SVG, and the matrix as a list that shows how often.

use super::markup::{Address, Attribute, Html, class, fixed, href, numbered};
use super::{folded, level, table};
use crate::report::chart::{Bin, Matrix, Technique, Timeline};
use crate::schema::Level;

/// Height of the timeline in its own units.
const HEIGHT: usize = 1000;
/// Width of a bin, with the gap behind it.
const STEP: usize = 10;
const GAP: usize = 2;

/// Shades of the matrix.
const HEAT: [&str; 5] = ["heat-0", "heat-1", "heat-2", "heat-3", "heat-4"];

pub(super) fn timeline(html: &mut Html, timeline: &Timeline) {
    let most = timeline.bins.iter().map(Bin::count).max().unwrap_or_default().max(1);
    html.element("figure", &[], |html| {
        html.element("figcaption", &[], |html| html.text(&timeline.caption()));
        let width = timeline.bins.len() * STEP;
        let drawing = [
            fixed("role", "img"),
            fixed(
                "aria-label",
                "Bars: how many alerts there were when, by level. The table below has the same.",
            ),
            Attribute::area(width, HEIGHT),
            fixed("preserveAspectRatio", "none"),
        ];
        html.element("svg", &drawing, |html| {
            for (index, bin) in timeline.bins.iter().enumerate() {
                bars(html, index * STEP, bin, most);
            }
        });
        html.element("p", &[class("axis")], |html| {
            let ends = [
                timeline.bins.first(),
                timeline.bins.last().filter(|_| timeline.bins.len() > 1),
            ];
            for bin in ends.into_iter().flatten() {
                html.element("span", &[], |html| html.text(&bin.from));
            }
        });
        html.element(
            "ul",
            &[class("legend"), fixed("aria-label", "Alerts of each level")],
            |html| {
                for (at, known) in Level::ALL.into_iter().enumerate().rev() {
                    let count: usize = timeline.bins.iter().filter_map(|bin| bin.counts.get(at)).sum();
                    html.element("li", &[], |html| {
                        level(html, known, known.as_str());
                        html.text(&format!(" {count}"));
                    });
                }
            },
        );
    });
    folded(
        html,
        |html| html.text("The timeline as a table"),
        |html| table(html, &Timeline::HEAD, &timeline.rows()),
    );
}

/// The bars of a bin, one on the other, the worst at the bottom.
fn bars(html: &mut Html, x: usize, bin: &Bin, most: usize) {
    let mut top = HEIGHT;
    for (known, count) in Level::ALL.into_iter().zip(bin.counts).rev() {
        if count == 0 {
            continue;
        }
        // What happened is to be seen, also beside what happened often.
        let height = (HEIGHT * count / most).max(HEIGHT / 50).min(top);
        top -= height;
        let bar = [
            class(known.as_str()),
            numbered("x", "", x),
            numbered("y", "", top),
            numbered("width", "", STEP - GAP),
            numbered("height", "", height),
        ];
        html.element("rect", &bar, |_| {});
    }
}

pub(super) fn matrix(html: &mut Html, matrix: &Matrix) {
    let most = matrix.most();
    html.element(
        "ul",
        &[class("matrix"), fixed("aria-label", "Tactics of ATT&CK")],
        |html| {
            for tactic in &matrix.tactics {
                html.line_break();
                html.element("li", &[class(heat(tactic.count, most))], |html| {
                    html.element("p", &[], |html| {
                        html.element("strong", &[], |html| html.text(&tactic.name));
                        html.text(&format!(" {}", tactic.count));
                    });
                    if tactic.techniques.is_empty() {
                        return;
                    }
                    html.element("ul", &[], |html| {
                        for technique in &tactic.techniques {
                            let shade = class(heat(technique.count, most));
                            html.element("li", &[shade], |html| self::technique(html, technique));
                        }
                    });
                });
            }
        },
    );
}

fn technique(html: &mut Html, technique: &Technique) {
    match technique.address().as_deref().and_then(Address::web) {
        Some(address) => html.element("a", &[href(address)], |html| html.text(&technique.id)),
        None => html.text(&technique.id),
    }
    if let Some(name) = &technique.name {
        html.text(" ");
        html.text(name);
    }
    html.text(&format!(" ({})", technique.count));
}

/// The shade for so many.
fn heat(count: usize, most: usize) -> &'static str {
    let step = (count * (HEAT.len() - 1)).div_ceil(most.max(1));
    HEAT.get(step).copied().unwrap_or("heat-4")
}

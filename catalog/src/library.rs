//! The catalog as the plugin holds it: at hand what every event needs, and packed what only some do.
//!
//! Guidance is most of the catalog, and little of it is wanted at a time. It is compressed in blocks, so that the
//! module is small enough for a ConfigMap of Kubernetes; a block is unpacked when an alert of a new kind comes.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::{Catalog, Disposition, Entry, EntryKind, List, Mitigation, Str};

/// A catalog with its guidance packed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Library {
    /// All but the packed bytes.
    pub tables: Tables,
    /// The blocks, one behind the other.
    pub packed: Cow<'static, [u8]>,
}

/// What is at hand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tables {
    /// The catalog; its `entries` and `mitigations` are empty, indices into them hold for the packed ones.
    pub index: Catalog,
    /// What is wanted of every entry.
    pub heads: List<Head>,
    /// Where the entries are.
    pub entries: List<Packed>,
    /// Where the mitigations are.
    pub mitigations: List<Packed>,
    /// Where the blocks are.
    pub blocks: List<Block>,
}

/// What is wanted of an [`Entry`] without its guidance. The fields are those of the entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Its id.
    pub id: Str,
    /// What kind.
    pub kind: EntryKind,
    /// The rule's name, or a noun phrase.
    pub title: Str,
    /// Indices of ATT&CK techniques.
    pub attack: List<u16>,
    /// Added to the score.
    pub severity: i8,
    /// Why.
    pub severity_why: Option<Str>,
    /// For alerts that are never an attack by themselves.
    pub disposition: Option<Disposition>,
}

/// Where something is packed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Packed {
    /// Index into [`Tables::blocks`].
    pub block: u16,
    /// Offset in the unpacked block.
    pub at: u32,
}

/// A block of packed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Offset in [`Library::packed`].
    pub at: u32,
    /// Packed bytes.
    pub len: u32,
    /// Unpacked bytes.
    pub unpacked: u32,
}

/// The guidance of an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Guide {
    /// The entry.
    pub entry: Entry,
    /// What it tells people to do, in order.
    pub mitigations: Vec<Mitigation>,
}

/// Unpacks so many bytes. They are known, so memory is taken once: what grows leaves holes that nothing fits into.
///
/// DEFLATE makes at most 1032 bytes of one: bytes from outside that claim more must not take the memory for it.
fn inflate(packed: &[u8], unpacked: usize) -> Option<Vec<u8>> {
    if unpacked / 1032 > packed.len() {
        return None;
    }
    let mut bytes = vec![0; unpacked];
    let packed = std::iter::once(packed);
    let len = miniz_oxide::inflate::decompress_slice_iter_to_slice(&mut bytes, packed, false, true).ok()?;
    (len == unpacked).then_some(bytes)
}

impl Tables {
    /// As bytes for [`Library::read`].
    ///
    /// # Errors
    /// Never for a catalog that the compiler made: it has no type that the format lacks.
    #[cfg(feature = "compile")]
    pub fn pack(&self, deflate: fn(&[u8]) -> Vec<u8>) -> Result<Vec<u8>, postcard::Error> {
        let tables = postcard::to_allocvec(self)?;
        // How many bytes they are comes first.
        Ok([&(tables.len() as u32).to_le_bytes()[..], &deflate(&tables)].concat())
    }
}

impl Library {
    /// From packed tables and the blocks; none where the tables are damaged.
    pub fn read(tables: &[u8], packed: &'static [u8]) -> Option<Self> {
        let (unpacked, tables) = tables.split_first_chunk()?;
        let tables = inflate(tables, usize::try_from(u32::from_le_bytes(*unpacked)).ok()?)?;
        Some(Self {
            tables: postcard::from_bytes(&tables).ok()?,
            packed: Cow::Borrowed(packed),
        })
    }

    /// The guidance of an entry; none where there is no such entry.
    pub fn guide(&self, entry: u16) -> Option<Guide> {
        let (entry, mitigations) = self.guide_of(entry, |_| true)?;
        let mitigations = mitigations.into_iter().map(|(_, mitigation)| mitigation).collect();
        Some(Guide { entry, mitigations })
    }

    /// An entry, and those of its mitigations that are wanted, with their indices and in order.
    pub fn guide_of(&self, entry: u16, wanted: impl Fn(u16) -> bool) -> Option<(Entry, Vec<(u16, Mitigation)>)> {
        let mut blocks = Unpacked::default();
        let place = self.tables.entries.get(usize::from(entry))?;
        let entry: Entry = blocks.read(self, *place)?;
        let wanted = entry.mitigations.iter().copied().filter(|index| wanted(*index));
        let mitigations = wanted.map(|index| {
            let place = self.tables.mitigations.get(usize::from(index))?;
            Some((index, blocks.read(self, *place)?))
        });
        let mitigations = mitigations.collect::<Option<_>>()?;
        Some((entry, mitigations))
    }

    /// All of the catalog; none where the bytes are damaged.
    pub fn unpack(&self) -> Option<Catalog> {
        fn all<T: DeserializeOwned + Clone>(library: &Library, places: &[Packed]) -> Option<List<T>> {
            let mut blocks = Unpacked::default();
            places.iter().map(|place| blocks.read(library, *place)).collect()
        }
        Some(Catalog {
            entries: all(self, &self.tables.entries)?,
            mitigations: all(self, &self.tables.mitigations)?,
            ..self.tables.index.clone()
        })
    }

    fn unpack_block(&self, index: u16) -> Option<Vec<u8>> {
        let block = self.tables.blocks.get(usize::from(index))?;
        let (at, len) = (usize::try_from(block.at).ok()?, usize::try_from(block.len).ok()?);
        let packed = self.packed.get(at..at.checked_add(len)?)?;
        inflate(packed, usize::try_from(block.unpacked).ok()?)
    }
}

/// Blocks that were unpacked, the last ones: what stands together is often wanted together.
#[derive(Default)]
struct Unpacked(Vec<(u16, Vec<u8>)>);

impl Unpacked {
    /// Blocks that are kept.
    const KEPT: usize = 2;

    fn read<T: DeserializeOwned>(&mut self, library: &Library, place: Packed) -> Option<T> {
        if !self.0.iter().any(|(index, _)| *index == place.block) {
            let block = library.unpack_block(place.block)?;
            self.0.insert(0, (place.block, block));
            self.0.truncate(Self::KEPT);
        }
        let (_, block) = self.0.iter().find(|(index, _)| *index == place.block)?;
        postcard::from_bytes(block.get(usize::try_from(place.at).ok()?..)?).ok()
    }
}

/// Bytes of a block before it is packed. Larger ones pack better and take longer to unpack.
#[cfg(feature = "compile")]
const BLOCK: usize = 32 << 10;

/// Packs the guidance of a catalog; `deflate` makes raw DEFLATE of a block.
///
/// # Errors
/// Never for a catalog that the compiler made: it has no type that the format lacks.
#[cfg(feature = "compile")]
pub fn pack(catalog: Catalog, deflate: fn(&[u8]) -> Vec<u8>) -> Result<Library, postcard::Error> {
    let head = |entry: &Entry| Head {
        id: entry.id.clone(),
        kind: entry.kind,
        title: entry.title.clone(),
        attack: entry.attack.clone(),
        severity: entry.severity,
        severity_why: entry.severity_why.clone(),
        disposition: entry.disposition,
    };
    let mut packer = Packer {
        deflate,
        blocks: Vec::new(),
        packed: Vec::new(),
    };
    let heads = catalog.entries.iter().map(head).collect();
    let entries = packer.add(&catalog.entries)?;
    let mitigations = packer.add(&catalog.mitigations)?;
    Ok(Library {
        tables: Tables {
            index: Catalog {
                entries: List::default(),
                mitigations: List::default(),
                ..catalog
            },
            heads,
            entries: entries.into(),
            mitigations: mitigations.into(),
            blocks: packer.blocks.into(),
        },
        packed: packer.packed.into(),
    })
}

/// Bytes of a stored block of DEFLATE.
#[cfg(feature = "compile")]
const STORED: usize = 0xffff;

/// DEFLATE that compresses nothing: for a catalog that stays in memory, or one that is compressed with all around it.
#[cfg(feature = "compile")]
pub fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(bytes.len() + 8);
    let last = bytes.len().div_ceil(STORED).saturating_sub(1);
    for index in 0..=last {
        let block = bytes.get(index * STORED..).unwrap_or_default();
        let block = block.get(..STORED).unwrap_or(block);
        let len = block.len() as u16;
        stored.push(u8::from(index == last));
        stored.extend(len.to_le_bytes());
        stored.extend((!len).to_le_bytes());
        stored.extend_from_slice(block);
    }
    stored
}

#[cfg(feature = "compile")]
struct Packer {
    deflate: fn(&[u8]) -> Vec<u8>,
    blocks: Vec<Block>,
    packed: Vec<u8>,
}

#[cfg(feature = "compile")]
impl Packer {
    /// Packs a list into blocks of its own.
    fn add<T: Serialize>(&mut self, list: &[T]) -> Result<Vec<Packed>, postcard::Error> {
        let mut places = Vec::with_capacity(list.len());
        let mut open = Vec::new();
        for item in list {
            let bytes = postcard::to_allocvec(item)?;
            if !open.is_empty() && open.len() + bytes.len() > BLOCK {
                self.close(&mut open);
            }
            places.push(Packed {
                block: self.blocks.len() as u16,
                at: open.len() as u32,
            });
            open.extend_from_slice(&bytes);
        }
        self.close(&mut open);
        Ok(places)
    }

    fn close(&mut self, open: &mut Vec<u8>) {
        let packed = (self.deflate)(open);
        self.blocks.push(Block {
            at: self.packed.len() as u32,
            len: packed.len() as u32,
            unpacked: open.len() as u32,
        });
        self.packed.extend_from_slice(&packed);
        open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "compile")]
    fn what_is_stored_is_deflate() {
        for len in [0, 1, STORED - 1, STORED, STORED + 1, 3 * STORED] {
            let bytes = vec![7; len];
            assert_eq!(inflate(&stored(&bytes), len), Some(bytes), "{len}");
        }
    }

    #[test]
    fn more_than_deflate_can_make_is_not_believed() {
        let packed = miniz_oxide::deflate::compress_to_vec(&[7; 5000], 9);
        assert_eq!(inflate(&packed, 5000), Some(vec![7; 5000]));
        assert_eq!(inflate(&packed, 4999), None);
        assert_eq!(inflate(&packed, 5001), None);
        assert_eq!(inflate(&packed, usize::MAX), None);
    }
}

//! A copy of the embedded database to keep, made while the server runs; and putting such a copy in its place.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::audit::{WholeChain, verify_chain_of};
use crate::crypto::random;
use crate::db::migrations::Owner;
use crate::db::{self, DatabaseUrl, Db};

/// What was written.
pub struct BackedUp {
    pub bytes: u64,
    /// `None` where the database is of another release than this program: its trail is for that one to read.
    pub chain: Option<WholeChain>,
}

/// What stands in the database's place now.
pub struct Restored {
    /// Where the database is that stood there before.
    pub aside: Option<PathBuf>,
    /// Migrations that the backup needed.
    pub migrated: Vec<String>,
    pub chain: WholeChain,
}

/// What SQLite may keep beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Writes the database as it stands at one moment to a file that must not be there yet. Whoever finds the file finds all
/// of it: it has its name once it is whole, looked at, and on the disk. Nothing is migrated.
pub fn back_up(database: &str, to: &Path) -> anyhow::Result<BackedUp> {
    if !Path::new(database).is_file() {
        bail!("there is no database {database}");
    }
    if to.symlink_metadata().is_ok() {
        bail!("{} is there already; a backup replaces nothing", to.display());
    }
    let copy = Unfinished::beside(to)?;
    let db = Db::open(&DatabaseUrl::Sqlite(database.to_owned()), 1).context("the database can't be opened")?;
    db::backup::copy_into(&db, copy.name()?).context("the database can't be copied")?;
    let chain = {
        let copied = db::backup::open_copy(copy.name()?)?;
        let owner = owner_of_sound(&copied).context("the database is not sound, so neither is a copy of it")?;
        let of_this_release = owner == Owner::Ours && db::migrations::is_current(&copied)?;
        if of_this_release { Some(whole_chain(&copied)?) } else { None }
    };
    let bytes = copy.onto_the_disk()?;
    copy.name_anew(to)?;
    Ok(BackedUp { bytes, chain })
}

/// Puts a backup in the place of the database, and that aside. The backup is copied and looked at first, and migrated to
/// this release, so that until it is found good nothing has changed; the file itself stays as it is.
pub fn restore(database: &str, from: &Path) -> anyhow::Result<Restored> {
    // Where the name is a link, what it leads to is replaced, and not the link.
    let place = &db::place_of(database);
    if from.canonicalize().is_ok_and(|from| from == *place) {
        bail!("{} is the database itself", from.display());
    }
    let beside = with_ending(from, "-wal");
    if beside.metadata().is_ok_and(|wal| wal.len() > 0) {
        bail!("{} belongs to it and is not in it: that is a database in use, not a backup", beside.display());
    }
    // Held until the end: nobody can open the database between looking and replacing.
    let held = db::backup::hold(database).with_context(|| format!("{database} can't be replaced"))?;
    let copy = Unfinished::beside(place)?;
    let mut source = File::open(from).with_context(|| format!("can't read {}", from.display()))?;
    io::copy(&mut source, &mut copy.file()?).with_context(|| format!("can't copy {}", from.display()))?;
    let (migrated, chain) = {
        let copied = db::backup::open_copy(copy.name()?).with_context(|| unusable(from))?;
        if owner_of_sound(&copied).with_context(|| unusable(from))? == Owner::NewerRelease {
            bail!("{}: it was made by a newer release of Keywright", unusable(from));
        }
        let migrated = db::migrations::run(&copied).context("the backup can't be brought up to date")?;
        (migrated, whole_chain(&copied).with_context(|| unusable(from))?)
    };
    copy.onto_the_disk()?;
    if place.exists() {
        db::backup::fold(place, &held).with_context(|| format!("{database} can't be replaced"))?;
    }
    let aside = set_aside(place)?;
    copy.take_the_place_of(place)?;
    Ok(Restored { aside, migrated, chain })
}

fn unusable(from: &Path) -> String {
    format!("{} can't be restored", from.display())
}

/// Of which release a copy is. One that is damaged or not Keywright's is refused.
fn owner_of_sound(copy: &Db) -> anyhow::Result<Owner> {
    if let Some(damage) = db::backup::damage_of(copy)? {
        bail!("it is damaged: {damage}");
    }
    match db::migrations::owner(copy)? {
        Owner::Nobody | Owner::AnotherProgram => bail!("it is not a database of Keywright's"),
        owner @ (Owner::Ours | Owner::NewerRelease) => Ok(owner),
    }
}

fn whole_chain(copy: &Db) -> anyhow::Result<WholeChain> {
    verify_chain_of(copy)?.map_err(anyhow::Error::msg).context("the audit trail is not whole")
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Gives the database a second name that nobody has had, and moves what stands beside it there too: what was written to
/// one file must not be read into another. The database keeps its first name until the backup takes it.
fn set_aside(place: &Path) -> anyhow::Result<Option<PathBuf>> {
    let there = |name: &Path| name.symlink_metadata().is_ok();
    let left = BESIDE.iter().any(|ending| there(&with_ending(place, ending)));
    if !there(place) && !left {
        return Ok(None);
    }
    let mut names = (1..).map(|number| with_ending(place, &format!(".before-restore-{number}")));
    let free = |name: &PathBuf| !there(name) && !BESIDE.iter().any(|ending| there(&with_ending(name, ending)));
    let aside = names.find(free).context("there is no name left to put the database aside under")?;
    let failed = || format!("the database can't be put aside as {}", aside.display());
    for ending in BESIDE {
        let beside = with_ending(place, ending);
        if there(&beside) {
            fs::rename(&beside, with_ending(&aside, ending)).with_context(failed)?;
        }
    }
    if there(place) {
        // Some file systems know no second name for a file.
        fs::hard_link(place, &aside).or_else(|_| fs::rename(place, &aside)).with_context(failed)?;
    }
    Ok(Some(aside))
}

/// A file under a name that nobody waits for, readable by its owner alone. It goes if it isn't finished.
struct Unfinished(PathBuf);

impl Unfinished {
    fn beside(finished: &Path) -> anyhow::Result<Self> {
        let path = with_ending(finished, &format!(".{}.part", &random::token()[..8]));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).with_context(|| format!("can't write {}", path.display()))?;
        Ok(Self(path))
    }

    fn name(&self) -> anyhow::Result<&str> {
        self.0.to_str().context("the name of the file is not UTF-8")
    }

    fn file(&self) -> io::Result<File> {
        OpenOptions::new().write(true).open(&self.0)
    }

    /// Answers with how many bytes it has.
    fn onto_the_disk(&self) -> anyhow::Result<u64> {
        let file = self.file()?;
        file.sync_all().context("the copy can't be brought onto the disk")?;
        Ok(file.metadata()?.len())
    }

    /// Gives it a name that must be free.
    fn name_anew(self, to: &Path) -> anyhow::Result<()> {
        let failed = || format!("can't write {}", to.display());
        match fs::hard_link(&self.0, to) {
            // The other name goes with self.
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error).with_context(failed),
            // Some file systems know no second name for a file.
            Err(_) => fs::rename(&self.0, to).with_context(failed)?,
        }
        sync_folder(to)
    }

    fn take_the_place_of(self, place: &Path) -> anyhow::Result<()> {
        fs::rename(&self.0, place).with_context(|| format!("can't write {}", place.display()))?;
        sync_folder(place)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        for ending in BESIDE.into_iter().chain([""]) {
            fs::remove_file(with_ending(&self.0, ending)).ok();
        }
    }
}

/// A name is on the disk once its folder is.
fn sync_folder(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).with_context(|| format!("can't sync {}", folder.display()))
}

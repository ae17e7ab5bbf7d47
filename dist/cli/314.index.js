export const id = 314;
export const ids = [314];
export const modules = {

/***/ 6606:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   _H: () => (/* binding */ newBackupId),
/* harmony export */   "if": () => (/* binding */ isBackupId),
/* harmony export */   nR: () => (/* binding */ timeOf)
/* harmony export */ });
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(7598);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(9473);
/**
 * Names of backups: `20261123T020000Z-7f3a91`, UTC time to the second and 24 random bits, so that two runs begun in the
 * same second don't meet. No colons (artifact names forbid them); names sort by time.
 */


const PATTERN = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-[0-9a-f]{6}$/;
const RANDOM_BYTES = 3;
function newBackupId(now, random = node_crypto__WEBPACK_IMPORTED_MODULE_0__.randomBytes) {
    return `${stamp(now)}-${Buffer.from(random(RANDOM_BYTES)).toString('hex')}`;
}
function isBackupId(text) {
    return read(text) !== undefined;
}
/** The time in the id. Throws `usage` if it is none. */
function timeOf(id) {
    const time = read(id);
    if (time !== undefined)
        return time;
    throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('usage', `"${id}" is not the id of a backup.`, {
        hint: 'An id looks like 20261123T020000Z-7f3a91; `comeback list` shows them.',
    });
}
function read(text) {
    const match = PATTERN.exec(text);
    if (match === null)
        return undefined;
    const [, year, month, day, hour, minute, second] = match;
    const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    // The round trip refuses dates such as 31 February, which Date would move.
    return !Number.isNaN(time.getTime()) && text.startsWith(stamp(time)) ? time : undefined;
}
/** `20261123T020000Z` */
function stamp(time) {
    return `${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}


/***/ }),

/***/ 1532:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   $X: () => (/* binding */ newPassphrase),
/* harmony export */   Bt: () => (/* binding */ checkPassphrase),
/* harmony export */   Fy: () => (/* binding */ PBKDF2_ITERATIONS),
/* harmony export */   ad: () => (/* binding */ MAX_ITERATIONS),
/* harmony export */   ef: () => (/* binding */ derivePackKey),
/* harmony export */   xs: () => (/* binding */ keyId),
/* harmony export */   zC: () => (/* binding */ deriveChainKeys)
/* harmony export */ });
/* unused harmony export MIN_PASSPHRASE */
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(7598);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(9473);
/**
 * Everything that is derived from the key (the passphrase), each under a salt or an info of its own:
 *
 *     pack key   PBKDF2(passphrase,  8-byte salt of a backup, iterations, 48)  = AES key (32), IV (16); OpenSSL's own
 *     chain keys PBKDF2(passphrase, 16-byte id salt of a chain, iterations, 32) -> HKDF -> mac, id, gear, source
 *     key id     PBKDF2(passphrase, a fixed salt of 15 bytes, 600,000, 8)
 *
 * The salts differ in length, so no two of these are ever the same derivation.
 */


const PBKDF2_ITERATIONS = 600_000;
/** More than this in a manifest, which is read before it can be authenticated, would only be there to keep us busy. */
const MAX_ITERATIONS = 10_000_000;
/** Characters. */
const MIN_PASSPHRASE = 20;
/** Bytes. `openssl -pass file:` reads one line into a buffer of bounded size and silently drops the rest. */
const MAX_PASSPHRASE = 500;
const KEY_ID_SALT = 'comeback key id';
const KEY_ID_BYTES = 8;
const NEW_PASSPHRASE_BYTES = 32;
/** Throws `weak-key` if the passphrase is too short, `usage` if `openssl -pass file:` would read another one. */
function checkPassphrase(text) {
    if (/[\n\r\0]/.test(text)) {
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('usage', 'The key contains a line break or a NUL character.', {
            hint: 'A key is one line of text. `comeback key new` makes one.',
        });
    }
    if (!text.isWellFormed() || Buffer.byteLength(text) > MAX_PASSPHRASE) {
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('usage', `The key is longer than ${MAX_PASSPHRASE} bytes or not valid Unicode text.`, {
            hint: 'OpenSSL could not read it back from a file. `comeback key new` makes one.',
        });
    }
    if ([...text].length < MIN_PASSPHRASE) {
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('weak-key', `The key is shorter than ${MIN_PASSPHRASE} characters.`, {
            hint: '`comeback key new` makes a strong one.',
        });
    }
}
/** 32 random bytes in base64, 44 characters. */
function newPassphrase() {
    return (0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.randomBytes)(NEW_PASSPHRASE_BYTES).toString('base64');
}
/** 16 hex digits that name a passphrase wherever it is used: the salt is fixed, so that no store need be at hand. */
async function keyId(passphrase) {
    const bytes = await stretch(passphrase, Buffer.from(KEY_ID_SALT), PBKDF2_ITERATIONS, KEY_ID_BYTES);
    return bytes.toString('hex');
}
/** `idSalt` is 16 bytes. */
async function deriveChainKeys(passphrase, idSalt, iterations) {
    checkSalt(idSalt, 16);
    const root = await stretch(passphrase, idSalt, iterations, 32);
    const key = (purpose) => Buffer.from((0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.hkdfSync)('sha256', root, '', `comeback/1 ${purpose}`, 32));
    return { mac: key('mac'), id: (0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.createSecretKey)(key('id')), gear: key('gear'), source: key('source') };
}
/** What `openssl enc -aes-256-cbc -pbkdf2 -iter N -md sha256` derives. `salt` is 8 bytes. */
async function derivePackKey(passphrase, salt, iterations) {
    checkSalt(salt, 8);
    const bytes = await stretch(passphrase, salt, iterations, 48);
    return { salt: Buffer.from(salt), key: bytes.subarray(0, 32), iv: bytes.subarray(32) };
}
async function stretch(passphrase, salt, iterations, length) {
    if (!Number.isInteger(iterations) || iterations < 1 || iterations > MAX_ITERATIONS) {
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('damaged', `${iterations} iterations of key derivation were asked for.`, {
            hint: `Comeback does from 1 to ${MAX_ITERATIONS}; the manifest was changed.`,
        });
    }
    return new Promise((resolve, reject) => {
        (0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.pbkdf2)(Buffer.from(passphrase, 'utf8'), salt, iterations, length, 'sha256', (error, bytes) => {
            if (error === null)
                resolve(bytes);
            else
                reject(error);
        });
    });
}
/** Different lengths keep the derivations apart. */
function checkSalt(salt, length) {
    if (salt.length !== length)
        throw new RangeError(`A salt of ${salt.length} bytes where ${length} are due`);
}


/***/ }),

/***/ 1469:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   $j: () => (/* binding */ COMPONENTS),
/* harmony export */   DB: () => (/* binding */ sealManifest),
/* harmony export */   MV: () => (/* binding */ MANIFEST_LIMIT),
/* harmony export */   Ng: () => (/* binding */ parseManifest),
/* harmony export */   _m: () => (/* binding */ isAuthentic)
/* harmony export */ });
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(7598);
/* harmony import */ var canonicalize__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(8799);
/* harmony import */ var valibot__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(7934);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(9473);
/* harmony import */ var _backup_id_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(6606);
/* harmony import */ var _keys_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(1532);
/* harmony import */ var _sizes_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(7060);
/**
 * The manifest: the small record of a backup that makes it exist. JSON in the clear, since a store must be listed and pruned
 * without trying keys, and authenticated: `mac` is the HMAC-SHA256, under the chain's mac key, of the RFC 8785 canonical form
 * of everything else in it. Unknown fields are refused, so there is nothing in a manifest that the MAC doesn't cover or that
 * this version doesn't understand; a new field is a new format version.
 */







const COMPONENTS = ['database', 'files', 'config'];
const FORMAT = 1;
/** Bytes. Enough for some 100,000 packs; anything longer is refused before it is read. */
const MANIFEST_LIMIT = 16 * _sizes_js__WEBPACK_IMPORTED_MODULE_4__/* .MiB */ .lv;
const hex = (bytes) => valibot__WEBPACK_IMPORTED_MODULE_5__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_5__/* .string */ .YjP(), valibot__WEBPACK_IMPORTED_MODULE_5__/* .regex */ .yGV(new RegExp(`^[0-9a-f]{${2 * bytes}}$`)));
const size = valibot__WEBPACK_IMPORTED_MODULE_5__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_5__/* .number */ .aig(), valibot__WEBPACK_IMPORTED_MODULE_5__/* .safeInteger */ .Y2b(), valibot__WEBPACK_IMPORTED_MODULE_5__/* .minValue */ .Wwf(0));
/** The canonical form has no place for lone surrogates. */
const text = valibot__WEBPACK_IMPORTED_MODULE_5__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_5__/* .string */ .YjP(), valibot__WEBPACK_IMPORTED_MODULE_5__/* .check */ .z6Y(value => value.isWellFormed(), 'not valid Unicode'));
const time = valibot__WEBPACK_IMPORTED_MODULE_5__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_5__/* .string */ .YjP(), valibot__WEBPACK_IMPORTED_MODULE_5__/* .regex */ .yGV(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/), valibot__WEBPACK_IMPORTED_MODULE_5__/* .check */ .z6Y(value => !Number.isNaN(Date.parse(value)), 'no time'));
const backupId = valibot__WEBPACK_IMPORTED_MODULE_5__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_5__/* .string */ .YjP(), valibot__WEBPACK_IMPORTED_MODULE_5__/* .check */ .z6Y(_backup_id_js__WEBPACK_IMPORTED_MODULE_2__/* .isBackupId */ ["if"], 'no backup id'));
/** Goes into paths and URLs: no separators, no `..`. */
const objectName = valibot__WEBPACK_IMPORTED_MODULE_5__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_5__/* .string */ .YjP(), valibot__WEBPACK_IMPORTED_MODULE_5__/* .maxLength */ .Ru6(200), valibot__WEBPACK_IMPORTED_MODULE_5__/* .regex */ .yGV(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/));
const iterations = valibot__WEBPACK_IMPORTED_MODULE_5__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_5__/* .number */ .aig(), valibot__WEBPACK_IMPORTED_MODULE_5__/* .integer */ .ndf(), valibot__WEBPACK_IMPORTED_MODULE_5__/* .minValue */ .Wwf(1), valibot__WEBPACK_IMPORTED_MODULE_5__/* .maxValue */ .cGV(_keys_js__WEBPACK_IMPORTED_MODULE_3__/* .MAX_ITERATIONS */ .ad));
const storedObject = valibot__WEBPACK_IMPORTED_MODULE_5__/* .strictObject */ .rej({
    /** Relative to the backup's folder. */
    name: objectName,
    /** Bytes as stored. */
    size,
    /** Of the bytes as stored. */
    sha256: hex(32),
});
const manifest = valibot__WEBPACK_IMPORTED_MODULE_5__/* .strictObject */ .rej({
    format: valibot__WEBPACK_IMPORTED_MODULE_5__/* .literal */ .euz(FORMAT),
    component: valibot__WEBPACK_IMPORTED_MODULE_5__/* .picklist */ .KIO(COMPONENTS),
    id: backupId,
    /** When the snapshot was taken, ISO 8601 in UTC. */
    time,
    /** `failed` is a placeholder. */
    status: valibot__WEBPACK_IMPORTED_MODULE_5__/* .picklist */ .KIO(['complete', 'partial', 'failed']),
    full: valibot__WEBPACK_IMPORTED_MODULE_5__/* .boolean */ .zMY(),
    /** Whether its own files, decrypted in name order, are the whole component. */
    stock: valibot__WEBPACK_IMPORTED_MODULE_5__/* .boolean */ .zMY(),
    /** The backup whose chunks were known when this one was made. */
    base: valibot__WEBPACK_IMPORTED_MODULE_5__/* .nullable */ .mee(backupId),
    /** The full backup that began the chain (its own id where `full`); null for a placeholder that has none. */
    chain: valibot__WEBPACK_IMPORTED_MODULE_5__/* .nullable */ .mee(backupId),
    /** First 16 bytes of HMAC-SHA256(source key, identity). */
    source: hex(16),
    codec: valibot__WEBPACK_IMPORTED_MODULE_5__/* .picklist */ .KIO(['gzip', 'zstd']),
    cipher: valibot__WEBPACK_IMPORTED_MODULE_5__/* .literal */ .euz('aes-256-cbc'),
    kdf: valibot__WEBPACK_IMPORTED_MODULE_5__/* .strictObject */ .rej({ name: valibot__WEBPACK_IMPORTED_MODULE_5__/* .literal */ .euz('pbkdf2-hmac-sha256'), iterations, salt: hex(8) }),
    idSalt: hex(16),
    keyId: hex(8),
    /** All that was read; what of it was new; what the backup's own objects take. */
    bytes: valibot__WEBPACK_IMPORTED_MODULE_5__/* .strictObject */ .rej({ plain: size, new: size, stored: size }),
    /** Its own packs. */
    objects: valibot__WEBPACK_IMPORTED_MODULE_5__/* .array */ .YOg(storedObject),
    /** The encrypted index, with its size before compression; null for a placeholder with nothing to build on. */
    index: valibot__WEBPACK_IMPORTED_MODULE_5__/* .nullable */ .mee(valibot__WEBPACK_IMPORTED_MODULE_5__/* .strictObject */ .rej({ ...storedObject.entries, plain: size })),
    /** Older backups' packs that this one refers to, with what decrypts them. */
    leansOn: valibot__WEBPACK_IMPORTED_MODULE_5__/* .array */ .YOg(valibot__WEBPACK_IMPORTED_MODULE_5__/* .strictObject */ .rej({ backup: backupId, salt: hex(8), iterations, objects: valibot__WEBPACK_IMPORTED_MODULE_5__/* .array */ .YOg(storedObject) })),
    /** When the store itself drops it. */
    expires: valibot__WEBPACK_IMPORTED_MODULE_5__/* .nullable */ .mee(time),
    /** What made it, name to version. */
    tools: valibot__WEBPACK_IMPORTED_MODULE_5__/* .record */ .g1P(text, text),
    /** The command that restores its own files with stock tools; null where they don't suffice. */
    decrypt: valibot__WEBPACK_IMPORTED_MODULE_5__/* .nullable */ .mee(text),
    /** Why a placeholder is one: an error code. */
    reason: valibot__WEBPACK_IMPORTED_MODULE_5__/* .nullable */ .mee(text),
    mac: hex(32),
});
/** The manifest as it is stored. */
function sealManifest(unsealed, macKey) {
    // A record that this program couldn't read back must not be written, so it is parsed before it leaves.
    const sealed = valibot__WEBPACK_IMPORTED_MODULE_5__/* .parse */ .qgA(manifest, { ...unsealed, mac: macOf(unsealed, macKey).toString('hex') });
    const bytes = Buffer.from(`${JSON.stringify(sealed, null, 2)}\n`);
    if (bytes.length <= MANIFEST_LIMIT)
        return bytes;
    throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('failed', `The manifest of ${unsealed.id} would have ${bytes.length} bytes.`, {
        hint: `${MANIFEST_LIMIT} bytes is the limit: use larger packs.`,
    });
}
/**
 * The manifest out of the bytes of the object `name`, for its structure alone: nothing in it may be believed before
 * `isAuthentic` says so. `damaged` if it isn't one, `unsupported` if a newer version wrote it.
 */
function parseManifest(bytes, name) {
    if (bytes.length > MANIFEST_LIMIT)
        throw damaged(name, `it has ${bytes.length} bytes, ${MANIFEST_LIMIT} at most are read`);
    const json = parseJson(bytes, name);
    const format = valibot__WEBPACK_IMPORTED_MODULE_5__/* .safeParse */ .xLC(valibot__WEBPACK_IMPORTED_MODULE_5__/* .object */ .Ikc({ format: valibot__WEBPACK_IMPORTED_MODULE_5__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_5__/* .number */ .aig(), valibot__WEBPACK_IMPORTED_MODULE_5__/* .integer */ .ndf(), valibot__WEBPACK_IMPORTED_MODULE_5__/* .minValue */ .Wwf(FORMAT + 1)) }), json);
    if (format.success) {
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('unsupported', `"${name}" has format version ${format.output.format}; this program reads ${FORMAT}.`, {
            hint: 'Use the version of Comeback that made the backup, or a newer one.',
        });
    }
    const parsed = valibot__WEBPACK_IMPORTED_MODULE_5__/* .safeParse */ .xLC(manifest, json);
    if (parsed.success)
        return parsed.output;
    const [issue] = parsed.issues;
    throw damaged(name, `at "${valibot__WEBPACK_IMPORTED_MODULE_5__/* .getDotPath */ .BuJ(issue) ?? ''}": ${issue.message}`);
}
/** Whether this key's owner wrote the manifest as it is. */
function isAuthentic(sealed, macKey) {
    const { mac, ...unsealed } = sealed;
    const given = Buffer.from(mac, 'hex');
    const right = macOf(unsealed, macKey);
    return given.length === right.length && (0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.timingSafeEqual)(given, right);
}
function macOf(unsealed, macKey) {
    return (0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.createHmac)('sha256', macKey)
        .update((0,canonicalize__WEBPACK_IMPORTED_MODULE_6__/* ["default"] */ .A)(unsealed) ?? '')
        .digest();
}
function parseJson(bytes, name) {
    try {
        return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    }
    catch (cause) {
        throw damaged(name, 'it is not JSON text', cause);
    }
}
function damaged(name, why, cause) {
    return new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('damaged', `"${name}" is not a valid manifest: ${why}.`, {
        hint: 'It was damaged or changed in the store. Use another backup, and run `comeback check`.',
        cause,
    });
}


/***/ }),

/***/ 7060:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   lv: () => (/* binding */ MiB),
/* harmony export */   ty: () => (/* binding */ KiB)
/* harmony export */ });
/* unused harmony export GiB */
const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;


/***/ }),

/***/ 6314:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  runJob: () => (/* binding */ runJob)
});

// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(9473);
;// CONCATENATED MODULE: ./build/files/file-problems.js
/** Of one kind; the rest is counted. */
const NAMED = 20;
const KINDS = {
    changed: {
        severity: 'partial',
        text: 'changed while it was being read',
        many: 'more files changed while they were being read',
        hint: 'Its copy in the backup may mix old and new bytes. Back up when nothing writes, or exclude it.',
    },
    vanished: {
        severity: 'partial',
        text: 'vanished before it could be read',
        many: 'more files vanished before they could be read',
        hint: 'Back up when nothing is being deleted, or exclude it.',
    },
    unreadable: {
        severity: 'partial',
        text: 'could not be read',
        many: 'more files could not be read',
        hint: 'Let the user that runs the backup read it, or exclude it.',
    },
    dangling: {
        severity: 'partial',
        text: 'is a symbolic link to nothing',
        many: 'more symbolic links lead to nothing',
        hint: 'Only the link is in the backup. Correct the link, or exclude it.',
    },
    unnameable: {
        severity: 'partial',
        text: 'has a name that is not valid UTF-8 and is not in the backup',
        many: 'more files have names that are not valid UTF-8',
        hint: 'Rename it, or exclude it.',
    },
    special: {
        severity: 'warning',
        text: 'is a socket, a pipe or a device and is not in the backup',
        many: 'more sockets, pipes and devices are not in the backup',
        hint: 'Exclude it to silence this.',
    },
};
function gatherFileProblems() {
    const found = new Map();
    return {
        add(kind, path, reason) {
            const entry = found.get(kind) ?? { named: [], count: 0 };
            found.set(kind, entry);
            entry.count++;
            if (entry.named.length >= NAMED)
                return;
            entry.named.push(`${path} ${KINDS[kind].text}${reason === undefined ? '' : `: ${reason}`}.`);
        },
        list: () => [...found].flatMap(([kind, { named, count }]) => {
            const { severity, hint, many } = KINDS[kind];
            // Files are read side by side, so they don't come in a fixed order.
            const messages = named.toSorted();
            if (count > named.length)
                messages.push(`${count - named.length} ${many}.`);
            return messages.map(message => ({ severity, message, hint }));
        }),
    };
}

// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:util"
var external_node_util_ = __webpack_require__(7975);
// EXTERNAL MODULE: ./build/format/sizes.js
var sizes = __webpack_require__(7060);
// EXTERNAL MODULE: ./node_modules/tar/dist/esm/index.min.js
var index_min = __webpack_require__(8697);
;// CONCATENATED MODULE: ./build/files/tar-writer.js
/**
 * Entries of a POSIX (pax) archive: one 512-byte header, preceded by an extended one where a name is long or not ASCII or a
 * size has no room; then the content, padded with zeros to whole blocks. Two blocks of zeros end the archive.
 *
 * Owners are not kept, since they mean nothing on another machine. That is why set-user-id and set-group-id bits are
 * not kept either: unpacked by root, a file would run as root that ran as somebody else.
 */

const BLOCK = 512;
const ARCHIVE_END = Buffer.alloc(2 * BLOCK);
/** Permissions and the sticky bit. */
const KEPT_MODE = 0o1777;
const TYPES = { file: 'File', folder: 'Directory', link: 'SymbolicLink' };
function encodeTarHead({ path, kind, mode, mtime, size = 0, target }) {
    const data = {
        path: kind === 'folder' ? `${path}/` : path,
        type: TYPES[kind],
        mode: mode & KEPT_MODE,
        uid: 0,
        gid: 0,
        size,
        mtime: new Date(Math.floor(mtime / 1000) * 1000),
        ...(target === undefined ? {} : { linkpath: target }),
    };
    const header = new index_min/* Header */.Y9(data);
    const block = Buffer.alloc(BLOCK);
    if (!header.encode(block))
        return block;
    return Buffer.concat([new index_min/* Pax */.un(data).encode(), block]);
}
/** Zeros after a content of that size. */
function tarPadding(size) {
    return (BLOCK - (size % BLOCK)) % BLOCK;
}

// EXTERNAL MODULE: external "node:buffer"
var external_node_buffer_ = __webpack_require__(4573);
;// CONCATENATED MODULE: ./build/files/walk.js
/**
 * The files that a selection means, in a fixed order: folder before content, names in a folder by their bytes. So two
 * backups of the same files are the same stream.
 *
 * Symbolic links are kept as links, except those that a pattern spells out: whoever writes `uploads` means the files,
 * even where `uploads` is a link to another disk.
 */




async function* walkFiles(selection, problems, signal) {
    const base = { path: '', absolute: selection.base, kind: 'folder', followed: false };
    const frames = [await openBase(base, selection, problems)];
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
        signal.throwIfAborted();
        const entry = frame.entries[frame.next++];
        if (entry === undefined) {
            frames.pop();
            continue;
        }
        const path = frame.folder.path === '' ? entry.name : `${frame.folder.path}/${entry.name}`;
        if (selection.excludes(path))
            continue;
        const whole = selection.includes(path) || frame.whole;
        if (entry.kind === 'special') {
            if (whole)
                problems.add('special', path);
            continue;
        }
        const absolute = (0,external_node_path_.join)(frame.folder.absolute, entry.name);
        const found = await follow({ path, absolute, kind: entry.kind }, selection, problems);
        if (whole) {
            for (const each of frames) {
                if (!each.yielded)
                    yield each.folder;
                each.yielded = true;
            }
            yield found;
        }
        if (found.kind === 'folder' && (whole || selection.mayHold(path))) {
            const entries = await readFolder(found, problems);
            frames.push({ folder: found, entries, next: 0, whole, yielded: whole });
        }
    }
}
async function openBase(folder, selection, problems) {
    try {
        // The base itself has no entry: it is whatever folder the files are restored into.
        const entries = await readEntries(folder, problems);
        return { folder, entries, next: 0, whole: selection.includes(''), yielded: true };
    }
    catch (error) {
        const code = isGone(error) ? 'not-found' : 'permission';
        throw new errors/* ComebackError */.U$(code, `Could not read the folder ${folder.absolute}: ${systemReason(error)}.`, {
            hint: 'Run this where the files are, as a user that may read them.',
            cause: error,
        });
    }
}
async function readFolder(folder, problems) {
    try {
        return await readEntries(folder, problems);
    }
    catch (error) {
        problems.add(isGone(error) ? 'vanished' : 'unreadable', folder.path, systemReason(error));
        return [];
    }
}
async function readEntries(folder, problems) {
    const entries = [];
    const found = await (0,promises_.readdir)(folder.absolute, { withFileTypes: true, encoding: 'buffer' });
    for (const entry of found.sort((a, b) => Buffer.compare(a.name, b.name))) {
        const name = entry.name.toString();
        if ((0,external_node_buffer_.isUtf8)(entry.name))
            entries.push({ name, kind: kindOf(entry) });
        else
            problems.add('unnameable', folder.path === '' ? name : `${folder.path}/${name}`);
    }
    return entries;
}
async function follow(found, selection, problems) {
    const { path, absolute, kind } = found;
    if (kind !== 'link' || !selection.spells(path))
        return { path, absolute, kind, followed: false };
    try {
        const target = await (0,promises_.stat)(absolute);
        if (target.isDirectory())
            return { path, absolute, kind: 'folder', followed: true };
        if (target.isFile())
            return { path, absolute, kind: 'file', followed: true };
    }
    catch (error) {
        problems.add('dangling', path, systemReason(error));
    }
    return { path, absolute, kind, followed: false };
}
function kindOf(entry) {
    if (entry.isFile())
        return 'file';
    if (entry.isDirectory())
        return 'folder';
    return entry.isSymbolicLink() ? 'link' : 'special';
}
function isGone(error) {
    return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
/** `EACCES: permission denied`, without the call and the path. */
function systemReason(error) {
    return error instanceof Error ? error.message.replace(/, [a-z]+( '.*)?$/s, '') : String(error);
}

;// CONCATENATED MODULE: ./build/files/pack.js
/**
 * Files as a tar stream. Small files are opened and read some way ahead, since waiting for each in turn would take most of
 * the time; big ones are streamed. A file has the size that it had when it was opened: what grows meanwhile is cut off,
 * what is missing is filled with zeros, so the stream stays valid, and the file is reported.
 */






/** Files up to this size are read ahead, whole. */
const SMALL = 256 * sizes/* KiB */.ty;
/** Files in flight. */
const AHEAD = 16;
/** Bytes that make a piece of the stream. */
const PIECE = 256 * sizes/* KiB */.ty;
/** A read of a big file. */
const READ_SIZE = 1024 * sizes/* KiB */.ty;
// Opening and reading may wait for a disk, so they leave the thread; what only looks at an open file does not, which is worth
// a factor of three with small files. The file handles of `node:fs/promises` cost as much again.
const openFd = (0,external_node_util_.promisify)(external_node_fs_.open);
const readFd = (0,external_node_util_.promisify)(external_node_fs_.read);
const READ = external_node_fs_.constants.O_RDONLY | external_node_fs_.constants.O_NONBLOCK;
/** `place` gives an entry its path in the archive. */
async function* packFiles(files, place, problems, signal) {
    let parts = [];
    let length = 0;
    for await (const opened of ahead(files, found => openFound(found, place))) {
        if (opened.kind === 'problem') {
            problems.add(opened.problem, opened.found.path, opened.reason);
        }
        else if (opened.kind === 'entry') {
            if (opened.changed)
                problems.add('changed', opened.found.path);
            for (const part of opened.bytes) {
                parts.push(part);
                length += part.length;
            }
        }
        else {
            if (length > 0)
                yield Buffer.concat(parts, length);
            parts = [];
            length = 0;
            yield* streamFile(opened, place, problems, signal);
        }
        if (length < PIECE)
            continue;
        signal.throwIfAborted();
        yield Buffer.concat(parts, length);
        parts = [];
        length = 0;
    }
    if (length > 0)
        yield Buffer.concat(parts, length);
}
async function openFound(found, place) {
    try {
        if (found.kind === 'file')
            return await openFile(found, place);
        const { mode, mtimeMs } = await (found.followed ? promises_.stat : promises_.lstat)(found.absolute);
        const target = found.kind === 'link' ? { target: await (0,promises_.readlink)(found.absolute) } : {};
        const head = encodeTarHead({ path: place(found.path), kind: found.kind, mode, mtime: mtimeMs, ...target });
        return { kind: 'entry', found, bytes: [head], changed: false };
    }
    catch (error) {
        const problem = isGone(error) ? 'vanished' : 'unreadable';
        return { kind: 'problem', found, problem, reason: systemReason(error) };
    }
}
async function openFile(found, place) {
    const fd = await openFd(found.absolute, found.followed ? READ : READ | external_node_fs_.constants.O_NOFOLLOW);
    let streamed = false;
    try {
        const before = (0,external_node_fs_.fstatSync)(fd);
        if (!before.isFile()) {
            return { kind: 'problem', found, problem: 'vanished', reason: 'something else has taken its place' };
        }
        if (before.size > SMALL) {
            streamed = true;
            return { kind: 'stream', found, fd };
        }
        const { size } = before;
        // Padded already; and one byte longer than the file, to see whether it has grown.
        const content = Buffer.alloc(size + Math.max(1, tarPadding(size)));
        const read = await readFully(fd, content.subarray(0, size + 1), 0);
        content[size] = 0;
        const changed = read !== size || hasChanged(fd, before);
        return {
            kind: 'entry',
            found,
            bytes: [headOf(found, place, before), content.subarray(0, size + tarPadding(size))],
            changed,
        };
    }
    finally {
        if (!streamed)
            (0,external_node_fs_.closeSync)(fd);
    }
}
async function* streamFile({ found, fd }, place, problems, signal) {
    let pending;
    try {
        // It may have waited long for its turn since it was opened.
        const before = (0,external_node_fs_.fstatSync)(fd);
        const { size } = before;
        yield headOf(found, place, before);
        let failed;
        pending = readPiece(fd, 0, size);
        for (let offset = 0; offset < size;) {
            signal.throwIfAborted();
            const piece = await pending;
            if (piece instanceof Error) {
                failed = piece;
                yield* zeros(size - offset, signal);
                break;
            }
            offset += piece.length;
            // Read while the piece before is being worked on.
            pending = readPiece(fd, offset, size);
            yield piece;
        }
        await pending;
        yield Buffer.alloc(tarPadding(size));
        if (failed !== undefined)
            problems.add('unreadable', found.path, systemReason(failed));
        else if (hasChanged(fd, before))
            problems.add('changed', found.path);
    }
    finally {
        await pending;
        (0,external_node_fs_.closeSync)(fd);
    }
}
/** Never rejects, since nobody may be waiting when it fails. Zeros stand in for what is missing at the end. */
async function readPiece(fd, offset, size) {
    const piece = Buffer.allocUnsafe(Math.min(READ_SIZE, size - offset));
    try {
        const read = await readFully(fd, piece, offset);
        return piece.fill(0, read);
    }
    catch (error) {
        return error instanceof Error ? error : new Error(String(error));
    }
}
async function readFully(fd, into, offset) {
    let filled = 0;
    while (filled < into.length) {
        const { bytesRead } = await readFd(fd, into, filled, into.length - filled, offset + filled);
        if (bytesRead === 0)
            break;
        filled += bytesRead;
    }
    return filled;
}
function hasChanged(fd, before) {
    const after = (0,external_node_fs_.fstatSync)(fd);
    return after.size !== before.size || after.mtimeMs !== before.mtimeMs;
}
function headOf(found, place, { mode, mtimeMs, size }) {
    return encodeTarHead({ path: place(found.path), kind: 'file', mode, mtime: mtimeMs, size });
}
async function* zeros(length, signal) {
    for (let left = length; left > 0; left -= READ_SIZE) {
        signal.throwIfAborted();
        yield Buffer.alloc(Math.min(left, READ_SIZE));
    }
}
/** Opens some files ahead of the one whose turn it is; closes those whose turn never comes. */
async function* ahead(files, openOne) {
    const window = [];
    try {
        for await (const found of files) {
            window.push(openOne(found));
            if (window.length < AHEAD)
                continue;
            const first = window.shift();
            if (first !== undefined)
                yield await first;
        }
        for (let first = window.shift(); first !== undefined; first = window.shift())
            yield await first;
    }
    finally {
        for (const opened of await Promise.all(window)) {
            if (opened.kind === 'stream')
                (0,external_node_fs_.closeSync)(opened.fd);
        }
    }
}

// EXTERNAL MODULE: ./node_modules/picomatch/index.js
var picomatch = __webpack_require__(4006);
;// CONCATENATED MODULE: ./build/files/selection.js
/**
 * Which files are meant. Patterns are globs, relative to a root folder or absolute. What a pattern names is taken whole: a
 * folder with everything below it, dotfiles too. Wildcards themselves skip names that begin with a dot unless the pattern
 * writes that dot.
 *
 * Exclusions come after that, dotfiles or not, a folder with everything below it. One without a slash (`node_modules`,
 * `*.log`) holds at any depth, as in `.gitignore`.
 */



/** Throws `usage` for patterns that can't be meant. */
function selectPaths(root, include, exclude) {
    const home = escaped((0,external_node_path_.resolve)(root));
    const absolute = include.map(given => ({ given, path: absolutePattern(given, home, (0,external_node_path_.resolve)(root)) }));
    if (absolute.length === 0) {
        throw new errors/* ComebackError */.U$('usage', 'No pattern says which files to back up.', {
            hint: 'Name folders or globs, such as "uploads" or "public/**/*.jpg".',
        });
    }
    const inside = absolute.every(({ path }) => path === home || path.startsWith(`${home}/`));
    const base = inside && home !== '/' ? home.length + 1 : 1;
    const patterns = absolute.map(({ given, path }) => compile(given, path.slice(base)));
    const exclusions = exclude.flatMap(given => {
        if (given.startsWith('**/'))
            return [compile(given, given, true).matches];
        if (!trimmed(given).includes('/'))
            return [compile(given, `**/${trimmed(given)}`, true).matches];
        const path = absolutePattern(given, home, (0,external_node_path_.resolve)(root));
        // What lies outside of the root can't be met inside of it.
        if (base > 1 && !path.startsWith(`${home}/`))
            return [];
        return [compile(given, path.slice(base), true).matches];
    });
    return {
        base: inside ? (0,external_node_path_.resolve)(root) : '/',
        includes(path) {
            let included = false;
            for (const pattern of patterns) {
                if ((included && pattern.matched) || !pattern.matches(path))
                    continue;
                included = true;
                pattern.matched = true;
            }
            return included;
        },
        excludes: path => exclusions.some(matches => matches(path)),
        mayHold: folder => patterns.some(pattern => pattern.mayHold(folder)),
        spells: path => patterns.some(({ literal }) => path.split('/').every((part, index) => part === literal[index])),
        unmatched: () => patterns.filter(pattern => !pattern.matched).map(pattern => pattern.given),
    };
}
function compile(given, path, dot = false) {
    const parts = path === '' ? [] : path.split('/');
    const matchesGlob = picomatch(path === '' ? '**' : path, { dot: dot || path === '' });
    const wild = parts.findIndex(part => isWild(part));
    const literal = (wild < 0 ? parts : parts.slice(0, wild)).map(unescaped);
    return {
        given,
        parts,
        literal,
        matched: false,
        // A name may hold what a glob would read as wildcards.
        matches: name => matchesGlob(name) || name === path,
        mayHold: folderMatcher(parts, literal),
    };
}
/** Folders that a pattern leads through are walked, others are not even looked into. */
function folderMatcher(parts, literal) {
    // Braces and parentheses may hold slashes, so such a pattern's parts say nothing.
    const opaque = parts.some(part => /[{(]/.test(part));
    const matchers = parts.map(part => (part === '**' || opaque ? undefined : picomatch(part)));
    const namesDots = parts.some(part => part.startsWith('.') || part.startsWith('\\.'));
    return folder => {
        const names = folder.split('/');
        for (const [index, name] of names.entries()) {
            if (opaque) {
                if (index >= literal.length)
                    return true;
                if (literal[index] !== name)
                    return false;
                continue;
            }
            const part = parts[index];
            if (part === undefined)
                return false;
            if (part === '**')
                return namesDots || names.slice(index).every(below => !below.startsWith('.'));
            if (!matchers[index]?.(name) && name !== part)
                return false;
        }
        return names.length < parts.length || opaque;
    };
}
function absolutePattern(given, home, root) {
    const pattern = trimmed(given);
    if (pattern === '' || pattern.includes('\0')) {
        throw new errors/* ComebackError */.U$('usage', `${JSON.stringify(given)} is no pattern for files.`);
    }
    if (pattern.startsWith('!')) {
        throw new errors/* ComebackError */.U$('usage', `The pattern ${given} begins with an exclamation mark.`, {
            hint: 'Patterns say what to take; name what to leave out with --exclude.',
        });
    }
    if (!(0,external_node_path_.isAbsolute)(pattern))
        return (0,external_node_path_.join)(home, pattern);
    const path = (0,external_node_path_.join)(pattern);
    // Somebody who writes the root out doesn't escape its brackets.
    return path === root || path.startsWith(`${root}/`) ? home + path.slice(root.length) : path;
}
function trimmed(pattern) {
    return pattern.length > 1 ? pattern.replace(/\/+$/, '') || '/' : pattern;
}
function isWild(part) {
    return /[*?[\]{}()!+@|]/.test(part.replace(/\\./g, ''));
}
function escaped(path) {
    return path.replace(/[\\*?[\]{}()!+@|]/g, '\\$&');
}
function unescaped(part) {
    return part.replace(/\\(.)/g, '$1');
}

;// CONCATENATED MODULE: ./build/config/environment.js
/**
 * Environment variables as a file: `NAME='value'`, one after the other, sorted by name. In single quotes a shell takes
 * everything as it stands, line breaks too, and a quote itself is written `'\''`; so `set -a; . ./environment.env` brings
 * every value back, and nothing in a value is ever run.
 */


const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** The key must not lie in the backup that it opens, so wildcards pass it by. */
const KEYS = ['COMEBACK_KEY', 'INPUT_KEY'];
/** By names and globs. Throws `usage` for the key's own name. */
function selectVariables(patterns, environment) {
    const key = patterns.find(pattern => KEYS.includes(pattern));
    if (key !== undefined) {
        throw new errors/* ComebackError */.U$('usage', `The variable ${key} holds the key, which must not lie in the backup that it opens.`, {
            hint: 'Keep the key apart from the backups.',
        });
    }
    const matchers = patterns.map(pattern => ({ pattern, matches: picomatch(pattern), matched: false }));
    const found = [];
    const unnameable = [];
    for (const [name, value] of Object.entries(environment)) {
        if (value === undefined || KEYS.includes(name))
            continue;
        const matching = matchers.filter(({ matches }) => matches(name));
        for (const matcher of matching)
            matcher.matched = true;
        if (matching.length === 0)
            continue;
        if (NAME.test(name))
            found.push([name, value]);
        else
            unnameable.push(name);
    }
    found.sort(([a], [b]) => (a < b ? -1 : 1));
    return {
        variables: new Map(found),
        unmatched: matchers.filter(({ matched }) => !matched).map(({ pattern }) => pattern),
        unnameable,
    };
}
function formatEnvironment(variables) {
    return [...variables].map(([name, value]) => `${name}='${value.replaceAll("'", "'\\''")}'\n`).join('');
}
/** Throws `damaged` for what `formatEnvironment` can't have written. */
function parseEnvironment(text) {
    const variables = new Map();
    const assignment = /([A-Za-z_][A-Za-z0-9_]*)='([^']*(?:'\\''[^']*)*)'\n/y;
    while (assignment.lastIndex < text.length) {
        const [, name, quoted] = assignment.exec(text) ?? [];
        if (name === undefined || quoted === undefined) {
            throw new errors/* ComebackError */.U$('damaged', 'The environment file of the backup is no list of variables.');
        }
        variables.set(name, quoted.replaceAll("'\\''", "'"));
    }
    return variables;
}

;// CONCATENATED MODULE: ./build/config/layout.js
/** Where things lie in a configuration archive, and so in the review folder. */
/** Files below the root. */
const ROOT_FOLDER = 'files';
/** Files elsewhere, by their absolute paths. */
const SYSTEM_FOLDER = 'system';
const ENVIRONMENT_FILE = 'environment.env';
/** Made by the restore. */
const REVIEW_FILE = 'REVIEW.diff';

;// CONCATENATED MODULE: ./build/config/collect.js
/** Configuration as a Source: chosen files and environment variables in one tar stream, the same bytes for the same content. */









/**
 * Throws `usage` for impossible patterns. Reading throws `not-found` if nothing that was named is there; a pattern among
 * others that names nothing is a problem of the result.
 */
function createConfigSource(options) {
    const { root, files, env, environment } = options;
    selectFiles(root, files);
    selectVariables(env, environment);
    return {
        component: 'config',
        identity: `config ${root} ${JSON.stringify(files)} ${JSON.stringify(env)}`,
        read: (out, signal) => readConfig(options, out, signal),
    };
}
async function readConfig({ root, files, env, environment }, out, signal) {
    const selected = selectVariables(env, environment);
    const selections = selectFiles(root, files);
    const problems = gatherFileProblems();
    out.phase('Reading configuration');
    await out.segment({ name: 'config', group: '01-data', detail: { kind: 'tar' } }, archive());
    return {
        detail: { kind: 'config', env: [...env] },
        problems: [...problems.list(), ...selectionProblems(selected, unmatched(), root)],
    };
    function unmatched() {
        return selections.flatMap(({ selection }) => selection.unmatched());
    }
    async function* archive() {
        if (selected.variables.size > 0)
            yield environmentEntry(selected);
        for (const { folder, selection } of selections) {
            yield* packFiles(walkFiles(selection, problems, signal), path => `${folder}/${path}`, problems, signal);
        }
        if (selected.variables.size === 0 && unmatched().length === files.length) {
            throw new errors/* ComebackError */.U$('not-found', `None of ${[...files, ...env].join(', ')} is there to be backed up.`, {
                hint: `Files are looked for in ${root}. In a workflow, variables must be handed to the step under "env:".`,
            });
        }
        yield ARCHIVE_END;
    }
}
/** What lies below the root, and what lies elsewhere, each with the folder that it has in the archive. */
function selectFiles(root, files) {
    const isBelow = (pattern) => selectPaths(root, [pattern], []).base === (0,external_node_path_.resolve)(root);
    const places = [
        { folder: ROOT_FOLDER, patterns: files.filter(isBelow) },
        { folder: SYSTEM_FOLDER, patterns: files.filter(pattern => !isBelow(pattern)) },
    ];
    return places
        .filter(({ patterns }) => patterns.length > 0)
        .map(({ folder, patterns }) => ({ folder, selection: selectPaths(root, patterns, []) }));
}
function environmentEntry({ variables }) {
    const content = Buffer.from(formatEnvironment(variables));
    const size = content.length;
    const head = encodeTarHead({ path: ENVIRONMENT_FILE, kind: 'file', mode: 0o600, mtime: 0, size });
    return Buffer.concat([head, content, Buffer.alloc(tarPadding(size))]);
}
function selectionProblems({ unmatched, unnameable }, files, root) {
    const severity = 'warning';
    return [
        ...files.map(pattern => ({
            severity,
            message: `The pattern ${pattern} names no file below ${root}.`,
            hint: 'Correct it, or drop it.',
        })),
        ...unmatched.map(pattern => ({
            severity,
            message: `No environment variable named ${pattern} is set.`,
            hint: 'Correct the name, or drop it. In a workflow, variables must be handed to the step under "env:".',
        })),
        ...unnameable.map(name => ({
            severity: 'partial',
            message: `The environment variable ${JSON.stringify(name)} has a name that no shell can set, and is not in the backup.`,
        })),
    ];
}

;// CONCATENATED MODULE: ./build/files/member.js
/**
 * What an archive may ask for. An archive is data from elsewhere, even if it was signed: an entry named `/etc/passwd` or
 * `../x`, or one below a link that an earlier entry made, would write outside of the target; a device would give access to
 * a disk. None of that is ever in a backup that Comeback made, so an archive that holds it is refused as a whole.
 */

/** The parts of an entry's path; none for the target itself (`./`). Throws `unsafe-archive`. */
function memberParts(path) {
    const parts = path.split('/').filter(part => part !== '' && part !== '.');
    if (path === '')
        throw unsafe('an entry without a name');
    if (path.startsWith('/'))
        throw unsafe(`${shown(path)}, an absolute path`);
    if (parts.includes('..'))
        throw unsafe(`${shown(path)}, a path that leads out of the target`);
    if (path.includes('\0'))
        throw unsafe(`${shown(path)}, a name with a zero byte`);
    // On Windows these separate folders and drives.
    if (process.platform === 'win32' && /[\\:]/.test(path))
        throw unsafe(`${shown(path)}, no name on this system`);
    return parts;
}
/**
 * Whether a link can lead nowhere but into the target. `..` is counted only where it comes first: there it starts at the
 * entry's own folder; behind a name it would start wherever that name, a link perhaps, leads.
 */
function staysInside(parts, target) {
    if (target === '' || target.startsWith('/') || target.includes('\0'))
        return false;
    const steps = target.split('/').filter(step => step !== '' && step !== '.');
    const down = steps.findIndex(step => step !== '..');
    const up = down < 0 ? steps.length : down;
    return up < parts.length && !steps.slice(up).includes('..');
}
/** Remembers names, so it takes memory for each: about 100 bytes. */
function checkMembers() {
    const folders = new Set();
    const files = new Set();
    const links = new Set();
    return {
        check(entry) {
            const parts = memberParts(entry.path);
            const name = parts.join('/');
            if (entry.kind === 'device' || entry.kind === 'other')
                throw unsafe(`${shown(name)}, which is no file`);
            if (name === '') {
                if (entry.kind === 'folder')
                    return parts;
                throw unsafe('an entry that would take the place of the target');
            }
            for (let depth = parts.length - 1; depth > 0; depth--) {
                const folder = parts.slice(0, depth).join('/');
                if (folders.has(folder))
                    break;
                if (links.has(folder))
                    throw unsafe(`${shown(name)}, to be written through the link ${shown(folder)}`);
                if (files.has(folder))
                    throw unsafe(`${shown(name)}, though ${shown(folder)} is a file`);
                folders.add(folder);
            }
            if (entry.kind === 'hard-link' && !files.has(memberParts(entry.target).join('/'))) {
                throw unsafe(`${shown(name)}, a hard link to ${shown(entry.target)}, which is no file before it`);
            }
            if (files.has(name) || links.has(name) || (folders.has(name) && entry.kind !== 'folder')) {
                throw unsafe(`${shown(name)} twice`);
            }
            const kind = entry.kind === 'folder' ? folders : entry.kind === 'link' ? links : files;
            kind.add(name);
            return parts;
        },
    };
}
function unsafe(what) {
    return new errors/* ComebackError */.U$('unsafe-archive', `The archive holds ${what}. Nothing was written.`, {
        hint: 'Comeback never makes such an archive. Find out who did; restore another backup.',
    });
}
/** Names may hold anything, terminal codes among it. */
function shown(name) {
    return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}

;// CONCATENATED MODULE: ./build/files/tar-reader.js
/**
 * Reads a tar stream entry by entry: ustar, pax and GNU long names. The `tar` package decodes the header blocks; the stream
 * is taken apart here, because that package keeps extended headers as text and splits them at line breaks, so names with
 * line breaks, or characters that lie across two pieces of the stream, would come out wrong.
 *
 * Every size that the stream declares is checked before memory is taken for it. Whatever is no well-formed archive is
 * `damaged`; whether what it says is harmless is not decided here.
 */




/** Extended headers and long names. Path names end at 4096 bytes. */
const EXTENDED_LIMIT = 1 * sizes/* MiB */.lv;
const tar_reader_KINDS = {
    File: 'file',
    OldFile: 'file',
    ContiguousFile: 'file',
    Directory: 'folder',
    SymbolicLink: 'link',
    Link: 'hard-link',
    CharacterDevice: 'device',
    BlockDevice: 'device',
    FIFO: 'device',
};
async function* readTar(stream) {
    const bytes = new ByteReader(stream);
    let overrides = {};
    try {
        for (;;) {
            const block = await bytes.take(BLOCK);
            const header = new index_min/* Header */.Y9(block);
            if (isZero(block))
                break;
            if (!header.cksumValid)
                throw damaged('a header with a wrong checksum');
            const size = checkedSize(header.size);
            switch (header.type) {
                case 'ExtendedHeader':
                case 'OldExtendedHeader':
                    overrides = { ...overrides, ...parseExtended(await extension(bytes, size)) };
                    break;
                case 'GlobalExtendedHeader':
                    // Comments, and defaults of fields that are not taken from an archive anyway.
                    await extension(bytes, size);
                    break;
                case 'NextFileHasLongPath':
                case 'OldGnuLongPath':
                    overrides.path = tar_reader_text(await extension(bytes, size));
                    break;
                case 'NextFileHasLongLinkpath':
                    overrides.target = tar_reader_text(await extension(bytes, size));
                    break;
                default: {
                    const left = { bytes: overrides.size ?? size };
                    const padding = tarPadding(left.bytes);
                    const path = overrides.path ?? header.path ?? '';
                    const named = tar_reader_KINDS[header.type ?? ''] ?? 'other';
                    const kind = named === 'file' && path.endsWith('/') ? 'folder' : named;
                    // Programs disagree on whether content follows then, and so on what the next entry is.
                    if (left.bytes > 0 && kind !== 'file' && kind !== 'other')
                        throw damaged(`a ${kind} that has a content`);
                    yield {
                        path,
                        kind,
                        mode: header.mode ?? 0,
                        mtime: overrides.mtime ?? header.mtime ?? new Date(0),
                        size: left.bytes,
                        target: overrides.target ?? header.linkpath ?? '',
                        content: bytes.upTo(left),
                    };
                    overrides = {};
                    await bytes.skip(left.bytes + padding);
                }
            }
        }
        if (!isZero(await bytes.take(BLOCK)))
            throw damaged('a block of zeros in its middle');
        // To the end, since whoever supplies the bytes may check them only there.
        await bytes.drain();
    }
    finally {
        await bytes.close();
    }
}
/** Takes exact numbers of bytes from pieces of any size. */
class ByteReader {
    #pieces;
    #piece = Buffer.alloc(0);
    constructor(stream) {
        this.#pieces = stream[Symbol.asyncIterator]();
    }
    async take(length) {
        if (this.#piece.length >= length)
            return this.#some(length);
        const parts = [];
        for (let left = length; left > 0;) {
            await this.#fill();
            const part = this.#some(left);
            parts.push(part);
            left -= part.length;
        }
        return Buffer.concat(parts, length);
    }
    /** As it comes, counting down what is left, so that the rest can be skipped if the reader stops early. */
    async *upTo(left) {
        while (left.bytes > 0) {
            await this.#fill();
            const part = this.#some(left.bytes);
            left.bytes -= part.length;
            yield part;
        }
    }
    async skip(length) {
        for (let left = length; left > 0;) {
            await this.#fill();
            left -= this.#some(left).length;
        }
    }
    async drain() {
        for (let next = await this.#pieces.next(); !next.done; next = await this.#pieces.next())
            ;
    }
    async close() {
        await this.#pieces.return?.();
    }
    #some(most) {
        const part = this.#piece.subarray(0, most);
        this.#piece = this.#piece.subarray(part.length);
        return part;
    }
    async #fill() {
        while (this.#piece.length === 0) {
            const next = await this.#pieces.next();
            if (next.done)
                throw damaged('no end: it was cut short');
            this.#piece = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length);
        }
    }
}
async function extension(bytes, size) {
    if (size > EXTENDED_LIMIT)
        throw damaged(`an extended header of ${size} bytes`);
    const content = await bytes.take(size);
    await bytes.skip(tarPadding(size));
    return content;
}
/** Records of `LENGTH KEY=VALUE\n`; the length counts the whole record, in bytes. */
function parseExtended(content) {
    const found = {};
    for (let offset = 0; offset < content.length;) {
        const blank = content.indexOf(' ', offset);
        const length = blank < 0 ? Number.NaN : Number(content.toString('latin1', offset, blank));
        const end = offset + length;
        const equals = content.indexOf('=', blank);
        const wellFormed = Number.isSafeInteger(length) && end <= content.length && content[end - 1] === 0x0a;
        if (!wellFormed || equals < 0 || equals >= end)
            throw damaged('an extended header that is no list of records');
        const key = content.toString('utf8', blank + 1, equals);
        const value = content.toString('utf8', equals + 1, end - 1);
        if (key === 'path')
            found.path = value;
        else if (key === 'linkpath')
            found.target = value;
        else if (key === 'size')
            found.size = checkedSize(/^\d+$/.test(value) ? Number(value) : undefined);
        else if (key === 'mtime')
            found.mtime = time(value);
        else if (key.startsWith('GNU.sparse.'))
            throw unsupported();
        offset = end;
    }
    return found;
}
function checkedSize(size) {
    if (size !== undefined && Number.isSafeInteger(size) && size >= 0)
        return size;
    throw damaged('an entry of impossible size');
}
function time(value) {
    const date = new Date(Number(value) * 1000);
    if (Number.isNaN(date.getTime()))
        throw damaged(`an impossible time, ${value}`);
    return date;
}
/** GNU's long names end with a zero byte. */
function tar_reader_text(content) {
    const end = content.at(-1) === 0 ? content.length - 1 : content.length;
    return content.toString('utf8', 0, end);
}
function isZero(block) {
    return block.every(byte => byte === 0);
}
function damaged(what) {
    return new errors/* ComebackError */.U$('damaged', `The archive has ${what}.`, { hint: 'Restore another backup.' });
}
function unsupported() {
    return new errors/* ComebackError */.U$('unsupported', 'The archive has files with holes in a form of GNU tar.', {
        hint: 'Unpack it with GNU tar.',
    });
}

;// CONCATENATED MODULE: ./build/files/inspect.js






/** In an error message; the rest is counted. */
const inspect_NAMED = 5;
/**
 * Throws `unsafe-archive` or `damaged` for the archive, `not-empty` if the folder holds what entries would replace:
 * files and links where `overwrite` is not set, and with it still folders in the place of files, files in the place of
 * folders, and links in the place of folders, since those lead elsewhere.
 */
async function inspectArchive(archive, directory, overwrite, signal) {
    const members = checkMembers();
    const place = (await isEmpty(directory)) ? undefined : examine(directory, overwrite);
    for await (const entry of readTar(archive)) {
        signal.throwIfAborted();
        const parts = members.check(entry);
        if (entry.kind !== 'link' || staysInside(parts, entry.target))
            await place?.check(parts, entry.kind);
    }
    place?.finish();
}
/** True too of a folder that does not exist. Throws `not-empty` if it is no folder. */
async function isEmpty(directory) {
    try {
        return (await (0,promises_.readdir)(directory)).length === 0;
    }
    catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
            return true;
        const code = isGone(error) ? 'not-empty' : 'permission';
        throw new errors/* ComebackError */.U$(code, `Could not look into ${directory}: ${systemReason(error)}.`, {
            hint: 'Restore into another folder.',
            cause: error,
        });
    }
}
function examine(directory, overwrite) {
    const conflicts = [];
    let count = 0;
    let fatal = false;
    /** What is known of folders: there, or not, so that nothing below them is there either. */
    const known = new Map();
    function conflict(path, replaceable) {
        if (replaceable && overwrite)
            return;
        count++;
        if (!replaceable)
            fatal = true;
        if (conflicts.length < inspect_NAMED)
            conflicts.push(path);
    }
    async function folder(parts) {
        if (parts.length === 0)
            return 'there';
        const path = parts.join('/');
        const before = known.get(path);
        if (before !== undefined)
            return before;
        let state = await folder(parts.slice(0, -1));
        if (state === 'there') {
            const stats = await presence((0,external_node_path_.join)(directory, path));
            state = stats === undefined ? 'missing' : stats.isDirectory() ? 'there' : 'blocked';
            if (state === 'blocked')
                conflict(path, false);
        }
        known.set(path, state);
        return state;
    }
    return {
        async check(parts, kind) {
            if (kind === 'folder') {
                await folder(parts);
                return;
            }
            if ((await folder(parts.slice(0, -1))) !== 'there')
                return;
            const stats = await presence((0,external_node_path_.join)(directory, ...parts));
            if (stats !== undefined)
                conflict(parts.join('/'), !stats.isDirectory());
        },
        finish() {
            if (count === 0)
                return;
            const more = count > conflicts.length ? ` and ${count - conflicts.length} more` : '';
            throw new errors/* ComebackError */.U$('not-empty', `${directory} already holds ${conflicts.join(', ')}${more}.`, {
                hint: fatal
                    ? 'Folders, and links in the place of folders, are never replaced. Move them away or restore into another folder.'
                    : 'Nothing was changed. Restore into another folder, or replace what is there with --overwrite.',
            });
        },
    };
}
async function presence(path) {
    try {
        return await (0,promises_.lstat)(path);
    }
    catch (error) {
        if (isGone(error))
            return undefined;
        throw error;
    }
}

;// CONCATENATED MODULE: ./build/files/flight.js
function createFlight(most) {
    const pending = new Set();
    let failure;
    function check() {
        if (failure !== undefined)
            throw failure.error;
    }
    return {
        async add(task) {
            const settled = task
                .catch(error => {
                failure ??= { error };
            })
                .finally(() => pending.delete(settled));
            pending.add(settled);
            if (pending.size >= most)
                await Promise.race(pending);
            check();
        },
        async settle() {
            await Promise.all(pending);
            check();
        },
        async land() {
            await Promise.all(pending);
        },
    };
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
;// CONCATENATED MODULE: ./build/files/write-error.js
/** What the operating system refuses while files are being restored. */


const CODES = {
    EACCES: 'permission',
    EPERM: 'permission',
    EROFS: 'permission',
    // The first reading found nothing there.
    EEXIST: 'not-empty',
    EISDIR: 'not-empty',
    ENOTDIR: 'not-empty',
};
async function writing(path, run) {
    try {
        return await run();
    }
    catch (error) {
        if (error instanceof errors/* ComebackError */.U$)
            throw error;
        const code = CODES[systemCode(error) ?? ''] ?? 'failed';
        throw new errors/* ComebackError */.U$(code, `Could not write ${path}: ${systemReason(error)}.`, {
            hint: 'What was restored before it is there. Remove the cause, then restore into another folder or with --overwrite.',
            cause: error,
        });
    }
}
function systemCode(error) {
    return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

;// CONCATENATED MODULE: ./build/files/new-file.js
/**
 * Files and links that come into being without following anything that stands in their place: created exclusively, or, where
 * something may be replaced, created beside it and renamed over it, so that a link is replaced and not written through.
 */






// Plain descriptors, and no thread for what is but a note about an open file: with thousands of small files, that is worth a
// factor of two.
const new_file_openFd = (0,external_node_util_.promisify)(external_node_fs_.open);
const writeFd = (0,external_node_util_.promisify)(external_node_fs_.write);
const closeFd = (0,external_node_util_.promisify)(external_node_fs_.close);
const CREATE = external_node_fs_.constants.O_WRONLY | external_node_fs_.constants.O_CREAT | external_node_fs_.constants.O_EXCL | external_node_fs_.constants.O_NOFOLLOW;
/** Until it is finished. */
const WORKING_MODE = 0o600;
async function createNewFile(path, overwrite) {
    let fd = -1;
    const placed = await placing(path, overwrite, async (place) => {
        fd = await new_file_openFd(place, CREATE, WORKING_MODE);
    });
    let isOpen = true;
    async function closeOnce() {
        if (!isOpen)
            return;
        isOpen = false;
        await closeFd(fd);
    }
    return {
        async write(bytes) {
            for (let written = 0; written < bytes.length;) {
                written += (await writeFd(fd, bytes, written, bytes.length - written)).bytesWritten;
            }
        },
        async finish(mode, mtime) {
            (0,external_node_fs_.fchmodSync)(fd, mode);
            (0,external_node_fs_.futimesSync)(fd, mtime, mtime);
            await closeOnce();
            if (placed !== path)
                await (0,promises_.rename)(placed, path);
        },
        async discard() {
            await closeOnce();
            await (0,promises_.unlink)(placed);
        },
    };
}
/** For what is made in one step: a link, or a hard link. */
async function createNewLink(path, overwrite, make) {
    const placed = await placing(path, overwrite, make);
    if (placed === path)
        return;
    try {
        await (0,promises_.rename)(placed, path);
    }
    catch (error) {
        await (0,promises_.unlink)(placed);
        throw error;
    }
}
/** Makes it at the path or, if that is taken and may be replaced, beside it; returns where. */
async function placing(path, overwrite, make) {
    try {
        await make(path);
        return path;
    }
    catch (error) {
        if (!overwrite || systemCode(error) !== 'EEXIST')
            throw error;
        const beside = (0,external_node_path_.join)((0,external_node_path_.dirname)(path), `.comeback-${(0,external_node_crypto_.randomBytes)(8).toString('hex')}.tmp`);
        await make(beside);
        return beside;
    }
}

;// CONCATENATED MODULE: ./build/files/target-folders.js
/** The folders of a restore: each is made here or found to be a folder proper, never a link, before anything goes into it. */



/** While the content is being written, whatever the folder's own mode is to be. */
const target_folders_WORKING_MODE = 0o700;
/** Folders that were there before keep their mode and time, unless they may be overwritten. */
function createTargetFolders(directory, overwrite, impliedMode) {
    const seen = new Set();
    const made = new Set();
    const declared = new Map();
    async function ensure(parts, mode) {
        const name = parts.join('/');
        if (parts.length === 0 || seen.has(name))
            return;
        await ensure(parts.slice(0, -1), impliedMode);
        const path = (0,external_node_path_.join)(directory, name);
        await writing(path, async () => {
            try {
                await (0,promises_.mkdir)(path, mode);
                made.add(name);
            }
            catch (error) {
                if (systemCode(error) !== 'EEXIST' || !(await (0,promises_.lstat)(path)).isDirectory())
                    throw error;
            }
        });
        seen.add(name);
    }
    return {
        ensure: parts => ensure(parts, impliedMode),
        async declare(parts, mode, mtime) {
            await ensure(parts, target_folders_WORKING_MODE);
            if (parts.length > 0)
                declared.set(parts.join('/'), { mode, mtime });
        },
        async finish() {
            for (const [name, { mode, mtime }] of [...declared].reverse()) {
                if (!made.has(name) && !overwrite)
                    continue;
                const path = (0,external_node_path_.join)(directory, name);
                await writing(path, async () => {
                    await (0,promises_.chmod)(path, mode);
                    await (0,promises_.utimes)(path, mtime, mtime);
                });
            }
            return declared.size;
        },
    };
}

;// CONCATENATED MODULE: ./build/files/unpack.js
/**
 * The second reading of an archive: its files are written. No entry is written through a link, since every folder on the way
 * is known to be one, and links are made only when everything else stands. So it does not matter whether the file system
 * takes `A` and `a`, or two spellings of `é`, for the same name.
 *
 * Links that could lead out of the target are not made, and no file becomes set-user-id.
 */










/** Files up to this size are written beside one another. */
const unpack_SMALL = 256 * sizes/* KiB */.ty;
/** Of them, at a time. */
const IN_FLIGHT = 16;
/** The archive must have been inspected. If this fails, finished files remain; half-written ones don't. */
async function unpackArchive(archive, options, signal) {
    const { directory, overwrite } = options;
    const closed = options.modes === 'private';
    const members = checkMembers();
    const folders = createTargetFolders(directory, overwrite, closed ? 0o700 : 0o777);
    const flight = createFlight(IN_FLIGHT);
    const links = [];
    const leftOut = [];
    let files = 0;
    let bytes = 0;
    await writing(directory, () => (0,promises_.mkdir)(directory, { recursive: true, mode: closed ? 0o700 : 0o777 }));
    try {
        for await (const entry of readTar(archive)) {
            signal.throwIfAborted();
            const parts = members.check(entry);
            const path = (0,external_node_path_.join)(directory, ...parts);
            const { kind, target, mtime, size } = entry;
            if (kind === 'folder')
                await folders.declare(parts, closed ? 0o700 : entry.mode & KEPT_MODE, mtime);
            else if (kind === 'link') {
                if (staysInside(parts, target))
                    links.push({ parts, target, mtime });
                else
                    leftOut.push({ path: parts.join('/'), target });
            }
            else {
                await folders.ensure(parts.slice(0, -1));
                files++;
                bytes += size;
                if (kind === 'hard-link') {
                    // What it leads to may still be under way.
                    await flight.settle();
                    const existing = (0,external_node_path_.join)(directory, ...memberParts(target));
                    await writing(path, () => createNewLink(path, overwrite, place => (0,promises_.link)(existing, place)));
                }
                else if (size > unpack_SMALL)
                    await writeFile(path, entry, entry.content, options, signal);
                else
                    await flight.add(writeFile(path, entry, await gather(entry.content), options, signal));
            }
        }
        await flight.settle();
    }
    finally {
        await flight.land();
    }
    for (const { parts, target, mtime } of links) {
        signal.throwIfAborted();
        const path = (0,external_node_path_.join)(directory, ...parts);
        await folders.ensure(parts.slice(0, -1));
        await writing(path, async () => {
            await createNewLink(path, overwrite, place => (0,promises_.symlink)(target, place));
            await (0,promises_.lutimes)(path, mtime, mtime);
        });
    }
    return { files, folders: await folders.finish(), links: links.length, bytes, leftOut };
}
async function gather(content) {
    const parts = [];
    for await (const part of content)
        parts.push(part);
    return parts;
}
async function writeFile(path, { mode, mtime }, content, { overwrite, modes, advance }, signal) {
    const file = await writing(path, () => createNewFile(path, overwrite));
    try {
        // What `content` throws is about the archive, and passes as it is.
        for await (const part of content) {
            signal.throwIfAborted();
            await writing(path, () => file.write(part));
            advance(part.length);
        }
        await writing(path, () => file.finish(modes === 'private' ? 0o600 : mode & 0o777, mtime));
    }
    catch (error) {
        await file.discard();
        throw error;
    }
}

;// CONCATENATED MODULE: ./build/files/extract.js
/**
 * Files as a Sink. The archive is read twice: the first time only to see that it is harmless and that its place is free, so
 * that a refused restore changes nothing; the second time it is written.
 *
 * Modes and times come back, owners don't (they belong to a machine), and set-user-id bits don't (the owner is another one).
 * Links that lead out of the target are data of many applications (`current -> /srv/app/releases/7`), but made blindly they
 * would let whoever works in the restored folder write elsewhere. They are left out, and listed to be made by hand.
 */



/** In problems; the rest is counted. */
const LISTED = 20;
/**
 * Throws `not-empty` if something would be replaced, `unsafe-archive` for an archive that reaches out of the folder, `damaged`
 * for none at all; then nothing has been written. After errors of the file system, finished files are there.
 */
function createFilesSink({ directory, overwrite }) {
    return {
        component: 'files',
        restore: (backup, progress, signal) => restoreFiles(backup, directory, overwrite, progress, signal),
    };
}
async function restoreFiles(backup, directory, overwrite, progress, signal) {
    progress.phase('Checking names');
    await inspectArchive(archiveBytes(backup, signal), directory, overwrite, signal);
    progress.phase('Writing files');
    const advance = (bytes) => progress.advance(bytes);
    const options = { directory, overwrite, modes: 'kept', advance };
    const unpacked = await unpackArchive(archiveBytes(backup, signal), options, signal);
    return { summary: [`${summarize(unpacked)} restored into ${directory}`], problems: leftOutProblems(unpacked) };
}
/** All segments, one after the other: one archive. */
async function* archiveBytes(backup, signal) {
    if (backup.segments.length === 0) {
        throw new errors/* ComebackError */.U$('damaged', `The backup ${backup.id} has no archive in it.`, {
            hint: 'Restore another backup.',
        });
    }
    for (const segment of backup.segments)
        yield* backup.read(segment, signal);
}
function summarize({ files, folders, links, bytes }) {
    const parts = [`${count(files, 'file')} (${count(bytes, 'byte')})`, count(folders, 'folder')];
    return [...parts, ...(links > 0 ? [count(links, 'link')] : [])].join(', ');
}
function leftOutProblems({ leftOut }) {
    const problems = leftOut.slice(0, LISTED).map(({ path, target }) => ({
        severity: 'partial',
        message: `The link ${JSON.stringify(path)} to ${JSON.stringify(target)} leads out of the folder and was not made.`,
        hint: 'Make it by hand if it is wanted: ln -s TARGET LINK.',
    }));
    if (leftOut.length <= LISTED)
        return problems;
    const message = `${leftOut.length - LISTED} more links lead out of the folder and were not made.`;
    return [...problems, { severity: 'partial', message }];
}
function count(number, noun) {
    return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}

// EXTERNAL MODULE: ./node_modules/diff/libesm/patch/create.js + 2 modules
var create = __webpack_require__(7291);
;// CONCATENATED MODULE: ./build/config/compare.js
/** One restored file against what stands in its place now. */






/** Texts up to this size are shown line by line. */
const SHOWN = 1 * sizes/* MiB */.lv;
/** Milliseconds for one file. */
const DIFF_TIME = 2000;
/** `name` is the path to show, such that `patch -p1` finds the file. */
async function compareFile(name, restored, now, signal) {
    const isLink = (await (0,promises_.lstat)(restored)).isSymbolicLink();
    const after = await contentOf(restored, isLink, signal);
    const before = await contentOf(now, isLink, signal);
    if (before === undefined)
        return { difference: 'missing', patch: patchOf(name, undefined, after) };
    if (JSON.stringify(before) === JSON.stringify(after))
        return { difference: 'same', patch: '' };
    return { difference: 'changed', patch: patchOf(name, before, after) };
}
/** From text to text; `before` is undefined where nothing was. */
function patchOfTexts(name, before, after) {
    return patchOf(name, before === undefined ? undefined : { text: before }, { text: after });
}
function patchOf(name, before, after) {
    const [from, to] = [before === undefined ? '/dev/null' : `a/${name}`, `b/${name}`];
    const differ = `Files ${from} and ${to} differ\n`;
    if (before !== undefined && !('text' in before))
        return differ;
    if (after === undefined || !('text' in after))
        return differ;
    const options = { timeout: DIFF_TIME };
    return (0,create/* createTwoFilesPatch */.ss)(from, to, before?.text ?? '', after.text, 'now', 'backup', options) ?? differ;
}
/** Undefined if nothing is there. `isLink`: whether a link itself is meant, or the file that it leads to. */
async function contentOf(path, isLink, signal) {
    try {
        const stats = await (isLink ? promises_.lstat : promises_.stat)(path);
        if (stats.isSymbolicLink())
            return { text: `link to ${await (0,promises_.readlink)(path)}\n` };
        // Opening a pipe would wait for ever.
        if (!stats.isFile())
            return { digest: 'no file' };
        if (stats.size <= SHOWN) {
            const bytes = await (0,promises_.readFile)(path, { signal });
            if ((0,external_node_buffer_.isUtf8)(bytes) && !bytes.includes(0))
                return { text: bytes.toString() };
        }
        const hash = (0,external_node_crypto_.createHash)('sha256');
        for await (const piece of (0,external_node_fs_.createReadStream)(path, { signal }))
            hash.update(piece);
        return { digest: hash.digest('hex') };
    }
    catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP')
            return undefined;
        if (code === 'EACCES' || code === 'EPERM')
            return { digest: `unreadable ${path}` };
        throw error;
    }
}

;// CONCATENATED MODULE: ./build/config/review.js
/**
 * Configuration as a Sink: never over the original, always into a review folder of its own, which only its owner can read,
 * with a diff from what stands now to what the backup holds. A person copies what should come back.
 */










/** Names in a line of the summary; the rest is counted. */
const review_NAMED = 20;
/** Throws `not-empty` if the review folder holds anything, otherwise as the files Sink does. */
function createConfigSink(options) {
    return {
        component: 'config',
        restore: (backup, progress, signal) => restoreForReview(backup, options, progress, signal),
    };
}
async function restoreForReview(backup, options, progress, signal) {
    const { directory } = options;
    if (!(await isEmpty(directory))) {
        throw new errors/* ComebackError */.U$('not-empty', `The review folder ${directory} is not empty.`, {
            hint: 'Remove what an earlier restore left there, or name another folder with --into.',
        });
    }
    progress.phase('Checking names');
    await inspectArchive(archiveBytes(backup, signal), directory, false, signal);
    progress.phase('Writing the review folder');
    await writing(directory, async () => {
        await (0,promises_.mkdir)(directory, { recursive: true, mode: 0o700 });
        // It may have been there, open to all.
        await (0,promises_.chmod)(directory, 0o700);
    });
    const advance = (bytes) => progress.advance(bytes);
    const unpacking = { directory, overwrite: false, modes: 'private', advance };
    const unpacked = await unpackArchive(archiveBytes(backup, signal), unpacking, signal);
    progress.phase('Comparing with what stands now');
    const files = await compareFiles(options, signal);
    const variables = await compareVariables(backup, options);
    const review = (0,external_node_path_.join)(directory, REVIEW_FILE);
    const patch = [...files.values(), ...(variables === undefined ? [] : [variables])].map(each => each.patch).join('');
    await writing(review, () => (0,promises_.writeFile)(review, patch, { mode: 0o600, flag: 'wx' }));
    return {
        summary: [
            `Configuration restored for review into ${directory}; nothing else was touched`,
            ...summarizeFiles(files),
            ...(variables?.summary ?? []),
            `${REVIEW_FILE} there leads from what stands now to what the backup holds`,
        ],
        problems: leftOutProblems(unpacked),
    };
}
/** By the paths of the originals. */
async function compareFiles({ directory, root }, signal) {
    const found = new Map();
    for (const [folder, origin] of [
        [ROOT_FOLDER, root],
        [SYSTEM_FOLDER, '/'],
    ]) {
        for (const path of await filesBelow((0,external_node_path_.join)(directory, folder))) {
            const original = (0,external_node_path_.join)(origin, path);
            found.set(original, await compareFile(path, (0,external_node_path_.join)(directory, folder, path), original, signal));
        }
    }
    return found;
}
async function filesBelow(folder) {
    try {
        const entries = await (0,promises_.readdir)(folder, { recursive: true, withFileTypes: true });
        const files = entries.filter(entry => !entry.isDirectory());
        return files.map(entry => (0,external_node_path_.join)(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
    }
    catch (error) {
        if (systemCode(error) === 'ENOENT')
            return [];
        throw error;
    }
}
function summarizeFiles(files) {
    const named = (difference) => [...files].filter(([, comparison]) => comparison.difference === difference).map(([path]) => path);
    return [
        ...line('Files that differ now', named('changed')),
        ...line('Files that are missing now', named('missing')),
        ...line('Files that are the same now', named('same')),
    ];
}
async function compareVariables({ detail }, { directory, environment, showValues }) {
    let backedUp;
    try {
        backedUp = parseEnvironment(await (0,promises_.readFile)((0,external_node_path_.join)(directory, ENVIRONMENT_FILE), 'utf8'));
    }
    catch (error) {
        if (systemCode(error) === 'ENOENT')
            return undefined;
        throw error;
    }
    const changed = [];
    const missing = [];
    const now = new Map();
    for (const [name, value] of backedUp) {
        const current = environment[name];
        if (current === undefined)
            missing.push(name);
        else
            now.set(name, current);
        if (current !== undefined && current !== value)
            changed.push(name);
    }
    const added = [...selectVariables(patternsOf(detail), environment).variables.keys()].filter(name => !backedUp.has(name));
    for (const name of added)
        now.set(name, environment[name] ?? '');
    const summary = [
        ...line('Variables that differ now', changed),
        ...line('Variables that are missing now', missing),
        ...line('Variables that the backup lacks', added),
    ];
    const sorted = new Map([...now].sort(([a], [b]) => (a < b ? -1 : 1)));
    const differ = changed.length + missing.length + added.length > 0;
    const values = () => patchOfTexts(ENVIRONMENT_FILE, formatEnvironment(sorted), formatEnvironment(backedUp));
    const names = () => [...changed, ...missing, ...added].map(name => `Variables a/${name} and b/${name} differ\n`).join('');
    return { summary, patch: differ ? (showValues ? values() : names()) : '' };
}
/** The patterns by which the backup's variables were chosen. */
function patternsOf(detail) {
    const env = typeof detail === 'object' && detail !== null && 'env' in detail ? detail.env : [];
    return Array.isArray(env) ? env.filter(pattern => typeof pattern === 'string') : [];
}
function line(title, names) {
    if (names.length === 0)
        return [];
    const more = names.length > review_NAMED ? ` and ${names.length - review_NAMED} more` : '';
    return [`${title}: ${names.slice(0, review_NAMED).join(', ')}${more}`];
}

// EXTERNAL MODULE: external "node:zlib"
var external_node_zlib_ = __webpack_require__(8522);
;// CONCATENATED MODULE: ./build/format/compression.js
/**
 * One chunk = one complete gzip member or zstd frame, so that a chunk can be read alone and `gunzip` or `zstd -d` read a
 * pack as one stream. Each pack starts with a confounder: a member without content that holds random bytes where they fill
 * the second cipher block (README, "Confounder").
 *
 *     gzip   1f 8b 08 04 | mtime 0 | 00 ff | xlen 24 | 'C' 'B' | len 20 | 20 random bytes | 03 00 | crc 0 | size 0
 *              4 bytes       4         2       2          2         2                          46 bytes in all
 *     zstd   50 2a 4d 18 | size 24 | 24 random bytes                                           32 bytes in all
 */



const GZIP = {
    name: 'gzip',
    extension: 'gz',
    // The fastest whose chunks stay well within 1.1 times the size of `gzip -6` in one stream (README, "Measured").
    defaultLevel: 4,
    levels: [1, 9],
    compress: (plain, level) => run(external_node_zlib_.gzip, plain, { level, memLevel: MEMORY, chunkSize: outputBound(plain.length) }),
    decompress: (packed, plainLength) => exactly(external_node_zlib_.gunzip, packed, plainLength),
    confounder() {
        const head = Buffer.from('1f8b08040000000000ff180043421400', 'hex');
        const emptyBody = Buffer.from('03000000000000000000', 'hex');
        return Buffer.concat([head, (0,external_node_crypto_.randomBytes)(20), emptyBody]);
    },
};
const ZSTD = {
    name: 'zstd',
    extension: 'zst',
    defaultLevel: 3,
    levels: [1, 19],
    compress(plain, level) {
        const params = { [external_node_zlib_.constants.ZSTD_c_compressionLevel]: level, [external_node_zlib_.constants.ZSTD_c_checksumFlag]: 1 };
        return run(external_node_zlib_.zstdCompress, plain, {
            params,
            chunkSize: outputBound(plain.length),
            pledgedSrcSize: plain.length,
        });
    },
    decompress: (packed, plainLength) => exactly(external_node_zlib_.zstdDecompress, packed, plainLength),
    confounder() {
        return Buffer.concat([Buffer.from('502a4d1818000000', 'hex'), (0,external_node_crypto_.randomBytes)(24)]);
    },
};
function codecOf(name) {
    return name === 'gzip' ? GZIP : ZSTD;
}
/** By the end of an object's name, `.gz.enc` or `.zst.enc`; `damaged` for any other. */
function codecOfFile(fileName) {
    const codec = [GZIP, ZSTD].find(({ extension }) => fileName.endsWith(`.${extension}.enc`));
    if (codec !== undefined)
        return codec;
    throw new errors/* ComebackError */.U$('damaged', `"${fileName}" is no name of a pack: it ends neither in .gz.enc nor in .zst.enc.`);
}
/** zlib's most, half a megabyte a call: a few per cent faster than its default. */
const MEMORY = 9;
/** Bytes. zlib's least. */
const MIN_OUTPUT = 64;
/** So large that one trip to the thread pool does it, whatever the chunk. */
function outputBound(plainLength) {
    return plainLength + (plainLength >>> 7) + MIN_OUTPUT;
}
function run(coder, input, options) {
    return new Promise((resolve, reject) => {
        coder(input, options, (error, result) => (error === null ? resolve(result) : reject(error)));
    });
}
async function exactly(coder, packed, plainLength) {
    const { buffer, engine } = await expand(coder, packed, plainLength);
    // Node ignores zeros after the last gzip member and anything after the first zstd frame.
    if (engine.bytesWritten !== packed.length) {
        throw compression_damaged(`Only ${engine.bytesWritten} of its ${packed.length} bytes are one compressed chunk.`);
    }
    if (buffer.length !== plainLength)
        throw compression_damaged(`It holds ${buffer.length} bytes instead of ${plainLength}.`);
    return buffer;
}
async function expand(coder, packed, limit) {
    // maxOutputLength stops a bomb; 0 would mean no limit. One byte of room more than is due saves a second trip.
    const options = { info: true, maxOutputLength: Math.max(1, limit), chunkSize: Math.max(MIN_OUTPUT, limit + 1) };
    try {
        return (await run(coder, packed, options));
    }
    catch (cause) {
        throw compression_damaged(cause instanceof Error ? `${cause.message}.` : '', cause);
    }
}
function compression_damaged(what, cause) {
    return new errors/* ComebackError */.U$('damaged', `Compressed bytes could not be read. ${what}`, {
        hint: 'The object was damaged or exchanged in the store. Use another backup, and run `comeback check`.',
        cause,
    });
}

;// CONCATENATED MODULE: ./build/format/chunk-id.js
/** Chunk ids: keyed, so that nobody without the key can tell whether a chunk they know is in a backup. */

const CHUNK_ID_BYTES = 16;
/** First 16 bytes of HMAC-SHA256(idKey, plain). */
function chunkId(idKey, plain) {
    return (0,external_node_crypto_.createHmac)('sha256', idKey).update(plain).digest().subarray(0, CHUNK_ID_BYTES);
}

;// CONCATENATED MODULE: ./build/format/chunker.js
/**
 * Content-defined chunking (FastCDC with normalized chunking). A gear hash rolls over the bytes,
 *
 *     hash = (hash << 1) + gear[byte]     (32 bits, so it knows the last 32 bytes)
 *
 * and a chunk ends after the byte at which the upper bits of the hash are all zero: so a cut depends on the bytes around
 * it alone, and an insertion moves the cuts near it and no others. Nothing is cut before `min` bytes (nor hashed, but for
 * the 32 bytes before), up to `average` a cut needs one bit more than log2(average), after it one bit less, and at `max` it
 * is cut anyway. The gear table is secret, so the cuts tell nobody what was cut.
 */


const CHUNK_SIZES = { min: 32 * sizes/* KiB */.ty, average: 128 * sizes/* KiB */.ty, max: 512 * sizes/* KiB */.ty };
/** The bytes that a 32-bit gear hash remembers. */
const WINDOW = 32;
const NONE = -1;
/**
 * Bytes that are scanned by one call. A single call for a whole slice stayed in the interpreter's first tiers for a gigabyte
 * (250 MB/s); at this length V8 is at full speed after a few megabytes.
 */
const STRIDE = 1024;
const UNASKED = 0;
const NO_GUESS = -1;
const GEAR_INFO = 'comeback/1 gear table';
/** 256 little-endian 32-bit numbers out of HKDF-SHA256(seed, no salt). */
function gearTable(seed) {
    const bytes = new DataView((0,external_node_crypto_.hkdfSync)('sha256', seed, '', GEAR_INFO, 256 * 4));
    return Uint32Array.from({ length: 256 }, (_, i) => bytes.getUint32(i * 4, true));
}
/**
 * Cuts one segment after the other. A chunk is a view of memory that is used again: valid until the next one is asked for. So is
 * the input until all its chunks are taken. Where the cuts are doesn't depend on how the input is sliced.
 */
class Chunker {
    #gear;
    #sizes;
    #hardMask;
    #easyMask;
    /** Holds the chunk under way, as far as earlier input had it. */
    #block;
    #length = 0;
    #guess;
    /** Length of the chunk under way if the guess is right; `UNASKED` before its first byte. */
    #guessed = UNASKED;
    #rolling = { hash: 0 };
    constructor(gear, sizes = CHUNK_SIZES, guess) {
        const bits = Math.log2(sizes.average);
        if (!Number.isInteger(bits) || sizes.min < WINDOW || sizes.min >= sizes.average || sizes.average >= sizes.max) {
            throw new RangeError(`Impossible chunk sizes: ${JSON.stringify(sizes)}`);
        }
        this.#gear = Int32Array.from(gear);
        this.#sizes = sizes;
        this.#guess = guess;
        this.#block = Buffer.allocUnsafeSlow(sizes.max);
        this.#hardMask = upperBits(bits + 1);
        this.#easyMask = upperBits(bits - 1);
    }
    /** The chunks that these bytes complete. */
    *push(bytes) {
        for (let offset = 0; offset < bytes.length;) {
            if (this.#guessed === UNASKED)
                this.#ask();
            const guessing = this.#guessed !== NO_GUESS;
            const cut = guessing ? offset + this.#guessed - this.#length : this.#findCut(this.#length, bytes, offset);
            const ends = cut !== NONE && cut <= bytes.length;
            const part = bytes.subarray(offset, ends ? cut : bytes.length);
            offset += part.length;
            if (!ends || this.#length > 0) {
                this.#block.set(part, this.#length);
                this.#length += part.length;
            }
            if (!ends)
                continue;
            const chunk = this.#length > 0 ? this.#block.subarray(0, this.#length) : part;
            if (guessing && this.#guess?.confirms(chunk) !== true)
                yield* this.#scanAgain(chunk);
            else
                yield this.#done(chunk);
        }
    }
    /** The rest, if there is any; after it the chunker starts afresh. */
    *finish() {
        // It may hold whole chunks that were passed over while a longer one was guessed.
        while (this.#length > 0 && this.#guessed > 0)
            yield* this.#scanAgain(this.#block.subarray(0, this.#length));
        if (this.#length > 0)
            yield this.#done(this.#block.subarray(0, this.#length));
        this.#guessed = UNASKED;
    }
    #ask() {
        const length = this.#guess?.next() ?? 0;
        this.#guessed = length >= this.#sizes.min && length <= this.#sizes.max ? length : NO_GUESS;
    }
    /** The guess was wrong: the bytes that were gathered on its word are looked at as if they had just come. */
    #scanAgain(gathered) {
        const bytes = Buffer.from(gathered);
        this.#length = 0;
        this.#guessed = NO_GUESS;
        return this.push(bytes);
    }
    #done(chunk) {
        this.#length = 0;
        this.#guessed = UNASKED;
        this.#rolling.hash = 0;
        return chunk;
    }
    /** Where in bytes[offset...] the chunk under way, `length` bytes long by now, ends; `NONE` if it goes on after them. */
    #findCut(length, bytes, offset) {
        const { min, average, max } = this.#sizes;
        // Where the chunk begins, counted in `bytes`: before them, if some of it came earlier.
        const origin = offset - length;
        const within = (position) => Math.min(Math.max(offset, origin + position), bytes.length);
        const first = within(min - 1);
        this.#warm(bytes, within(min - WINDOW), first);
        const hard = within(average);
        const early = this.#search(bytes, first, hard, this.#hardMask);
        if (early !== NONE)
            return early;
        const late = this.#search(bytes, hard, within(max), this.#easyMask);
        if (late !== NONE)
            return late;
        return bytes.length - origin >= max ? origin + max : NONE;
    }
    /** Bytes before `min` only fill the hash's window. */
    #warm(bytes, from, to) {
        const gear = this.#gear;
        let hash = this.#rolling.hash;
        for (let i = from; i < to; i++)
            hash = ((hash << 1) + gear[bytes[i]]) | 0;
        this.#rolling.hash = hash;
    }
    /** The end of the chunk if it lies in [from, to), else `NONE`. */
    #search(bytes, from, to, mask) {
        for (let at = from; at < to; at += STRIDE) {
            const cut = scan(this.#gear, this.#rolling, bytes, at, Math.min(at + STRIDE, to), mask);
            if (cut !== NONE)
                return cut;
        }
        return NONE;
    }
}
/** Kept small and called often, so that the compiler optimizes the function, not the one long loop that it happens to be in. */
function scan(gear, rolling, bytes, from, to, mask) {
    let hash = rolling.hash;
    for (let i = from; i < to; i++) {
        hash = ((hash << 1) + gear[bytes[i]]) | 0;
        if ((hash & mask) === 0)
            return i + 1;
    }
    rolling.hash = hash;
    return NONE;
}
function upperBits(count) {
    return -1 << (32 - count);
}

;// CONCATENATED MODULE: ./build/repository/chunk-places.js
/**
 * Every chunk that a running backup knows, its base's and its own, and where each lies. Columns of numbers instead of
 * objects, found by open addressing over the id: about 55 bytes a chunk, so that a terabyte's worth still fits.
 */

const FIRST_CAPACITY = 1024;
const COLUMNS = 5;
class ChunkPlaces {
    #length = 0;
    #ids = Buffer.alloc(FIRST_CAPACITY * CHUNK_ID_BYTES);
    /** pack + 1 (0 while it is not written yet), offset, length, plain length, row + 1 of the chunk that followed it in the base. */
    #columns = new Uint32Array(FIRST_CAPACITY * COLUMNS);
    /** Row + 1, or 0; twice as many as rows at least. Ids are uniform, so their first bytes are the hash. */
    #slots = new Uint32Array(FIRST_CAPACITY * 2);
    get length() {
        return this.#length;
    }
    /** The row of the first chunk added with this id, or -1. */
    find(id) {
        const mask = this.#slots.length - 1;
        for (let slot = id.readUInt32LE(0) & mask;; slot = (slot + 1) & mask) {
            const row = (this.#slots[slot] ?? 0) - 1;
            if (row < 0)
                return -1;
            const start = row * CHUNK_ID_BYTES;
            if (id.compare(this.#ids, start, start + CHUNK_ID_BYTES) === 0)
                return row;
        }
    }
    /** A new row, whether or not the id is known; the first one of an id is the one that is found. */
    add(id, plain) {
        if ((this.#length + 1) * 2 > this.#slots.length)
            this.#grow();
        const row = this.#length++;
        id.copy(this.#ids, row * CHUNK_ID_BYTES);
        this.#columns[row * COLUMNS + 3] = plain;
        this.#link(row);
        return row;
    }
    /** Says where the chunk was written. */
    place(row, place) {
        this.#columns[row * COLUMNS] = place.pack + 1;
        this.#columns[row * COLUMNS + 1] = place.offset;
        this.#columns[row * COLUMNS + 2] = place.length;
    }
    /** In the base this chunk was followed by that one. */
    follow(row, next) {
        this.#columns[row * COLUMNS + 4] = next + 1;
    }
    /** The row of the chunk that followed in the base, or -1. */
    after(row) {
        return (this.#columns[row * COLUMNS + 4] ?? 0) - 1;
    }
    plain(row) {
        return this.#columns[row * COLUMNS + 3] ?? 0;
    }
    at(row) {
        const column = (index) => this.#columns[row * COLUMNS + index] ?? 0;
        return {
            id: this.#ids.subarray(row * CHUNK_ID_BYTES, (row + 1) * CHUNK_ID_BYTES),
            placed: column(0) > 0,
            pack: column(0) - 1,
            offset: column(1),
            length: column(2),
            plain: column(3),
        };
    }
    #link(row) {
        const mask = this.#slots.length - 1;
        const start = row * CHUNK_ID_BYTES;
        let slot = this.#ids.readUInt32LE(start) & mask;
        for (;; slot = (slot + 1) & mask) {
            const other = (this.#slots[slot] ?? 0) - 1;
            if (other < 0)
                break;
            const otherStart = other * CHUNK_ID_BYTES;
            if (this.#ids.compare(this.#ids, otherStart, otherStart + CHUNK_ID_BYTES, start, start + CHUNK_ID_BYTES) === 0)
                return;
        }
        this.#slots[slot] = row + 1;
    }
    #grow() {
        const capacity = this.#length * 2;
        const ids = Buffer.alloc(capacity * CHUNK_ID_BYTES);
        this.#ids.copy(ids);
        this.#ids = ids;
        const columns = new Uint32Array(capacity * COLUMNS);
        columns.set(this.#columns);
        this.#columns = columns;
        this.#slots = new Uint32Array(capacity * 2);
        for (let row = 0; row < this.#length; row++)
            this.#link(row);
    }
}

// EXTERNAL MODULE: ./node_modules/valibot/dist/index.mjs
var dist = __webpack_require__(7934);
// EXTERNAL MODULE: ./build/format/backup-id.js
var backup_id = __webpack_require__(6606);
;// CONCATENATED MODULE: ./build/format/backup-index.js
/**
 * The index: which chunks make up which segment, and where they lie. Stored encrypted like a pack.
 *
 *      0          8         12          16       20
 *     +----------+---------+-----------+--------+-----------+---------+----------+------------+-------------+------------+
 *     | COMEBACK | version | JSON size | chunks | JSON text | ids     | packs    | offsets    | lengths     | plain      |
 *     | 8 bytes  | 1       | J         | n      | J bytes   | n x 16  | n x 4    | n x 4      | n x 4       | n x 4      |
 *     +----------+---------+-----------+--------+-----------+---------+----------+------------+-------------+------------+
 *
 * Numbers are 32 bits, unsigned, little-endian. The columns stand one after the other because that compresses better than
 * records would, and is copied straight into memory: 32 bytes a chunk, here as there.
 */





const MAGIC = Buffer.from('COMEBACK', 'latin1');
const VERSION = 1;
const HEADER = 20;
const RECORD = CHUNK_ID_BYTES + 4 * 4;
/** Bytes. A reader takes this much memory for one chunk and no more, whatever an index says. */
const CHUNK_LIMIT = 16 * sizes/* MiB */.lv;
const backup_index_FIRST_CAPACITY = 1024;
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** References to chunks in columns: 32 bytes each instead of an object each. Only ever grows. */
class ChunkTable {
    #length = 0;
    #ids;
    #columns;
    constructor(capacity = backup_index_FIRST_CAPACITY) {
        this.#ids = Buffer.alloc(capacity * CHUNK_ID_BYTES);
        this.#columns = columns(() => new Uint32Array(capacity));
    }
    get length() {
        return this.#length;
    }
    /** Returns the position. */
    push(ref) {
        if (ref.id.length !== CHUNK_ID_BYTES)
            throw new RangeError(`A chunk id of ${ref.id.length} bytes`);
        if (ref.offset >>> 0 !== ref.offset)
            throw new RangeError(`${ref.offset} is too far into a pack`);
        if (this.#length === this.#columns[0].length)
            this.#grow();
        const position = this.#length++;
        this.#ids.set(ref.id, position * CHUNK_ID_BYTES);
        const [packs, offsets, lengths, plains] = this.#columns;
        packs[position] = ref.pack;
        offsets[position] = ref.offset;
        lengths[position] = ref.length;
        plains[position] = ref.plain;
        return position;
    }
    /** The id is a view of the table: not to be changed. */
    at(position) {
        const [packs, offsets, lengths, plains] = this.#columns;
        const id = this.#ids.subarray(position * CHUNK_ID_BYTES, (position + 1) * CHUNK_ID_BYTES);
        return {
            id,
            pack: this.#number(packs, position),
            offset: this.#number(offsets, position),
            length: this.#number(lengths, position),
            plain: this.#number(plains, position),
        };
    }
    /** Plain bytes of the chunks at [first, first + count). */
    plainBytes(first, count) {
        let bytes = 0;
        for (let i = first; i < first + count; i++)
            bytes += this.#number(this.#columns[3], i);
        return bytes;
    }
    /** The position of the first chunk that is not as it should be, or -1. */
    findIndex(isWrong) {
        const [packs, , lengths, plains] = this.#columns;
        for (let i = 0; i < this.#length; i++) {
            if (isWrong(packs[i], lengths[i], plains[i]))
                return i;
        }
        return -1;
    }
    /** The columns as they are stored, one after the other. */
    encode() {
        const n = this.#length;
        const ids = this.#ids.subarray(0, n * CHUNK_ID_BYTES);
        return Buffer.concat([ids, ...this.#columns.map(column => littleEndian(Buffer.from(bytesOf(column, n))))]);
    }
    /** `bytes` is a whole number of records. */
    static decode(bytes) {
        const n = bytes.length / RECORD;
        const table = new ChunkTable(n);
        table.#length = n;
        bytes.copy(table.#ids, 0, 0, n * CHUNK_ID_BYTES);
        for (const [number, column] of table.#columns.entries()) {
            bytes.copy(bytesOf(column, n), 0, n * (CHUNK_ID_BYTES + 4 * number));
            littleEndian(bytesOf(column, n));
        }
        return table;
    }
    #number(column, position) {
        const number = position < this.#length ? column[position] : undefined;
        if (number === undefined)
            throw new RangeError(`No chunk at ${position} of ${this.#length}`);
        return number;
    }
    #grow() {
        const capacity = Math.max(backup_index_FIRST_CAPACITY, this.#length * 2);
        const ids = Buffer.alloc(capacity * CHUNK_ID_BYTES);
        ids.set(this.#ids);
        this.#ids = ids;
        const old = this.#columns;
        this.#columns = columns(number => {
            const larger = new Uint32Array(capacity);
            larger.set(old[number]);
            return larger;
        });
    }
}
function bytesOf(column, length) {
    return Buffer.from(column.buffer, column.byteOffset, 4 * length);
}
/** Turns the machine's 32-bit numbers into little-endian ones, or back, in place. */
function littleEndian(bytes) {
    return IS_LITTLE_ENDIAN ? bytes : bytes.swap32();
}
function columns(make) {
    return [make(0), make(1), make(2), make(3)];
}
function encodeIndex(index) {
    const { detail, segments, packs, chunks } = index;
    const json = Buffer.from(JSON.stringify({ detail, segments, packs }));
    const header = Buffer.alloc(HEADER);
    MAGIC.copy(header);
    header.writeUInt32LE(VERSION, 8);
    header.writeUInt32LE(json.length, 12);
    header.writeUInt32LE(chunks.length, 16);
    return Buffer.concat([header, json, chunks.encode()]);
}
const GROUP = /^\d{2,}-(schema|data)$/;
const backup_index_count = dist/* pipe */.FsL(dist/* number */.aig(), dist/* safeInteger */.Y2b(), dist/* minValue */.Wwf(0));
/** Whatever JSON.parse returned. */
const json = dist/* custom */.IeY(value => value !== undefined);
const body = dist/* strictObject */.rej({
    detail: json,
    segments: dist/* array */.YOg(dist/* strictObject */.rej({
        name: dist/* string */.YjP(),
        group: dist/* custom */.IeY(value => typeof value === 'string' && GROUP.test(value)),
        detail: json,
        bytes: backup_index_count,
        first: backup_index_count,
        count: backup_index_count,
    })),
    packs: dist/* array */.YOg(dist/* strictObject */.rej({
        backup: dist/* pipe */.FsL(dist/* string */.YjP(), dist/* check */.z6Y(backup_id/* isBackupId */["if"], 'no backup id')),
        name: dist/* pipe */.FsL(dist/* string */.YjP(), dist/* maxLength */.Ru6(200), dist/* regex */.yGV(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/)),
    })),
});
/** `damaged` on anything that `encodeIndex` would not have written. */
function decodeIndex(bytes) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (buffer.length < HEADER || !MAGIC.equals(buffer.subarray(0, MAGIC.length)))
        throw backup_index_damaged('it is no index');
    const version = buffer.readUInt32LE(8);
    if (version !== VERSION)
        throw backup_index_damaged(`its version is ${version}`);
    const jsonLength = buffer.readUInt32LE(12);
    const chunkCount = buffer.readUInt32LE(16);
    const length = HEADER + jsonLength + chunkCount * RECORD;
    if (buffer.length !== length)
        throw backup_index_damaged(`it has ${buffer.length} bytes where ${length} are due`);
    const { detail, segments, packs } = parseBody(buffer.subarray(HEADER, HEADER + jsonLength));
    const chunks = ChunkTable.decode(buffer.subarray(HEADER + jsonLength));
    const wrong = chunks.findIndex((pack, length, plain) => pack >= packs.length || plain < 1 || plain > CHUNK_LIMIT || length < 1 || length > 2 * CHUNK_LIMIT);
    if (wrong >= 0)
        throw backup_index_damaged(`chunk ${wrong} lies nowhere or has an impossible size`);
    for (const segment of segments)
        checkSegment(segment, chunks);
    return { detail, segments, packs, chunks };
}
function parseBody(bytes) {
    let json;
    try {
        json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    }
    catch (cause) {
        throw backup_index_damaged('its text is not JSON', cause);
    }
    const parsed = dist/* safeParse */.xLC(body, json);
    if (parsed.success)
        return parsed.output;
    const [issue] = parsed.issues;
    throw backup_index_damaged(`at "${dist/* getDotPath */.BuJ(issue) ?? ''}": ${issue.message}`);
}
function checkSegment(segment, chunks) {
    const end = segment.first + segment.count;
    if (end > chunks.length)
        throw backup_index_damaged(`segment "${segment.name}" ends at chunk ${end} of ${chunks.length}`);
    const bytes = chunks.plainBytes(segment.first, segment.count);
    if (bytes !== segment.bytes)
        throw backup_index_damaged(`segment "${segment.name}" has ${bytes} bytes instead of ${segment.bytes}`);
}
function backup_index_damaged(why, cause) {
    return new errors/* ComebackError */.U$('damaged', `The index of a backup could not be read: ${why}.`, {
        hint: 'It was damaged or changed in the store. Use another backup, and run `comeback check`.',
        cause,
    });
}

;// CONCATENATED MODULE: ./build/repository/index-table.js
/** From the places of a running backup to the chunk table of its index. */

/** The chunk table of an index, with only those packs that are used, numbered anew. */
class IndexTable {
    chunks = new ChunkTable();
    used = [];
    #numbers = new Map();
    #places;
    #all;
    constructor(places, all) {
        this.#places = places;
        this.#all = all;
    }
    get packs() {
        return this.used.map(({ backup, file }) => ({ backup, name: file }));
    }
    add(row) {
        const { id, pack, offset, length, plain } = this.#places.at(row);
        this.chunks.push({ id, pack: this.#number(pack), offset, length, plain });
    }
    #number(position) {
        const known = this.#numbers.get(position);
        if (known !== undefined)
            return known;
        const pack = this.#all[position];
        if (pack === undefined)
            throw new Error(`no pack ${position}`);
        this.#numbers.set(position, this.used.length);
        return this.used.push(pack) - 1;
    }
}
/** Positions in `ChunkPlaces`, four bytes each. */
class RowList {
    length = 0;
    #rows = new Uint32Array(64);
    push(row) {
        if (this.length === this.#rows.length) {
            const larger = new Uint32Array(this.length * 2);
            larger.set(this.#rows);
            this.#rows = larger;
        }
        this.#rows[this.length++] = row;
    }
    at(position) {
        return this.#rows[position] ?? 0;
    }
}

// EXTERNAL MODULE: ./build/format/manifest.js
var format_manifest = __webpack_require__(1469);
;// CONCATENATED MODULE: ./build/repository/layout.js
/** Where a backup's objects lie in a store: `component/id/file`. The artifact store flattens it, nothing else changes it. */


const MANIFEST = 'manifest.json';
/** The record of a backup that failed: a manifest under another name, so that no backup exists. */
const PLACEHOLDER = 'placeholder.json';
/** What a component's segments are when they are put one after the other. */
const FORMS = { database: 'sql', files: 'tar', config: 'tar' };
function objectName(place) {
    return `${place.component}/${place.id}/${place.file}`;
}
/** Undefined for names that no version of ours has written. */
function parseObjectName(name) {
    const [component, id, file, ...rest] = name.split('/');
    const known = format_manifest/* COMPONENTS */.$j.find(candidate => candidate === component);
    if (known === undefined || id === undefined || file === undefined || rest.length > 0 || !(0,backup_id/* isBackupId */["if"])(id))
        return undefined;
    return { component: known, id, file };
}
/** `01-data-0001.sql.gz.enc`. Name order is stock order. */
function packFile(group, number, form, extension) {
    return `${group}-${String(number).padStart(4, '0')}.${form}.${extension}.enc`;
}
function indexFile(extension) {
    return `index.${extension}.enc`;
}

;// CONCATENATED MODULE: ./build/format/cipher.js
/**
 * Packs are encrypted the way `openssl enc -aes-256-cbc -pbkdf2` does it:
 *
 *      0         8        16        32               n
 *     +---------+---------+---------+------ ... -----+
 *     | Salted__ | salt   | block 1 | block 2 ...    |   PKCS#7 padding in the last block
 *     +---------+---------+---------+------ ... -----+
 *
 * Plain byte p lies in the stored block at 16 + 16 * floor(p / 16), and the 16 stored bytes before that block are its IV:
 * a range can be decrypted alone. For the first block those are the header, and the derived IV takes their place.
 * CBC authenticates nothing: what is decrypted must have been checked (SHA-256 in the manifest) or will be (chunk id).
 */


const CIPHER = 'aes-256-cbc';
const cipher_MAGIC = Buffer.from('Salted__', 'latin1');
const cipher_BLOCK = 16;
/** Bytes of the header; one block, on which the arithmetic below leans. */
const cipher_HEADER = 16;
function createEncryptor(key) {
    const cipher = (0,external_node_crypto_.createCipheriv)(CIPHER, key.key, key.iv);
    return {
        header: Buffer.concat([cipher_MAGIC, key.salt]),
        update: plain => cipher.update(plain),
        final: () => cipher.final(),
    };
}
/** The plaintext of a whole pack. `damaged` if it is none, or not one of this key's. */
function decryptPack(key, bytes) {
    checkHeader(key, bytes);
    if (bytes.length < cipher_HEADER + cipher_BLOCK || bytes.length % cipher_BLOCK !== 0) {
        throw cipher_damaged(`Its ${bytes.length} bytes are no whole number of cipher blocks.`);
    }
    const decipher = (0,external_node_crypto_.createDecipheriv)(CIPHER, key.key, key.iv);
    const plain = decipher.update(bytes.subarray(cipher_HEADER));
    try {
        return Buffer.concat([plain, decipher.final()]);
    }
    catch (cause) {
        throw cipher_damaged('Its padding is wrong.', cause);
    }
}
/** The bytes of the stored pack that are needed to decrypt this range of its plaintext. */
function cipherRange(range) {
    const offset = range.offset - (range.offset % cipher_BLOCK);
    if (range.length === 0)
        return { offset, length: 0 };
    const end = Math.ceil((range.offset + range.length) / cipher_BLOCK) * cipher_BLOCK + cipher_HEADER;
    return { offset, length: end - offset };
}
/** The plaintext of a range out of `bytes`, which are exactly those that `cipherRange(range)` names. Checks no padding. */
function decryptRange(key, bytes, range) {
    const needed = cipherRange(range);
    if (bytes.length !== needed.length)
        throw cipher_damaged(`${needed.length} bytes of it were needed, ${bytes.length} came.`);
    if (range.length === 0)
        return Buffer.alloc(0);
    if (needed.offset === 0)
        checkHeader(key, bytes);
    const iv = needed.offset === 0 ? key.iv : bytes.subarray(0, cipher_BLOCK);
    const decipher = (0,external_node_crypto_.createDecipheriv)(CIPHER, key.key, iv).setAutoPadding(false);
    const plain = decipher.update(bytes.subarray(cipher_BLOCK));
    const skipped = range.offset - needed.offset;
    return plain.subarray(skipped, skipped + range.length);
}
function checkHeader(key, bytes) {
    if (!cipher_MAGIC.equals(bytes.subarray(0, cipher_MAGIC.length)))
        throw cipher_damaged('It does not begin with "Salted__".');
    if (!key.salt.equals(bytes.subarray(cipher_MAGIC.length, cipher_HEADER)))
        throw cipher_damaged('Its salt is not the one of its backup.');
}
function cipher_damaged(what, cause) {
    return new errors/* ComebackError */.U$('damaged', `An encrypted object could not be decrypted. ${what}`, {
        hint: 'The object was damaged or exchanged in the store. Use another backup, and run `comeback check`.',
        cause,
    });
}

;// CONCATENATED MODULE: ./build/repository/pack-writer.js
/**
 * Writes the packs of one group: chunks are compressed on the thread pool, several at a time, then encrypted and appended in
 * their order; a full pack goes to the store while the next one fills. Holds at most two packs and `AHEAD` chunks.
 */



/** Chunks of one group that are in compression at a time. */
const pack_writer_AHEAD = 2;
class PackWriter {
    #options;
    #ahead = [];
    #open;
    #packs = 0;
    #putting = Promise.resolve({});
    constructor(options) {
        this.#options = options;
    }
    /** Takes a chunk; resolves when there is room for another. The bytes must not change afterwards. */
    async write(row, plain) {
        const packed = this.#options.codec.compress(plain, this.#options.level);
        // Awaited in order below; a failure there must not count as unhandled before its turn has come.
        packed.catch(() => undefined);
        this.#ahead.push({ row, packed });
        if (this.#ahead.length >= pack_writer_AHEAD)
            await this.#next();
    }
    /** Every chunk taken so far has its place when this resolves; its pack may still be open. */
    async settle() {
        while (this.#ahead.length > 0)
            await this.#next();
    }
    /** Closes the last pack; everything is durable when this resolves. */
    async finish() {
        await this.settle();
        await this.#seal();
        await this.#stored();
    }
    async #next() {
        const first = this.#ahead.shift();
        if (first === undefined)
            return;
        const bytes = await first.packed;
        const pack = this.#open ?? this.#begin(await this.#options.key);
        this.#options.placed(first.row, { pack: pack.position, offset: pack.offset, length: bytes.length });
        append(pack, pack.encryptor.update(bytes));
        pack.offset += bytes.length;
        if (pack.size >= this.#options.packSize)
            await this.#seal();
    }
    #begin(key) {
        const { group, form, codec, begin } = this.#options;
        const file = packFile(group, ++this.#packs, form, codec.extension);
        const encryptor = createEncryptor(key);
        const confounder = codec.confounder();
        const pack = {
            file,
            position: begin(file),
            encryptor,
            parts: [],
            hash: (0,external_node_crypto_.createHash)('sha256'),
            size: 0,
            offset: confounder.length,
        };
        append(pack, encryptor.header);
        append(pack, encryptor.update(confounder));
        this.#open = pack;
        return pack;
    }
    async #seal() {
        const pack = this.#open;
        if (pack === undefined)
            return;
        append(pack, pack.encryptor.final());
        this.#open = undefined;
        await this.#stored();
        const object = { name: pack.file, size: pack.size, sha256: pack.hash.digest('hex') };
        this.#putting = this.#options.put(pack.file, pack.parts).then(() => {
            this.#options.stored(pack.position, object);
            return {};
        }, error => ({ error }));
    }
    /** The pack on its way to the store has arrived. */
    async #stored() {
        const outcome = await this.#putting;
        if ('error' in outcome)
            throw outcome.error;
    }
}
function append(pack, bytes) {
    if (bytes.length === 0)
        return;
    pack.parts.push(bytes);
    pack.hash.update(bytes);
    pack.size += bytes.length;
}

;// CONCATENATED MODULE: ./build/repository/backup-writer.js






/** No row of the places. */
const NOTHING = -1;
class BackupWriter {
    totals = { read: 0, fresh: 0, stored: 0, chunks: 0 };
    #options;
    #gear;
    #places;
    /** Base packs first, then own ones as they are begun. */
    #packs;
    #lanes = new Map();
    #objects = [];
    #segments = [];
    #straight;
    constructor(options) {
        this.#options = options;
        this.#gear = gearTable(options.chain.gear);
        this.#places = options.known?.places ?? new ChunkPlaces();
        this.#packs = [...(options.known?.packs ?? [])];
        this.#straight = options.known === undefined;
    }
    /** True while the packs hold exactly the segments' bytes in order, and nothing else. */
    get straight() {
        return this.#straight;
    }
    /** Own packs that are durable, in stock order. */
    get objects() {
        return this.#objects.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    }
    /** See `SegmentWriter.segment`. */
    async segment(head, bytes) {
        const lane = this.#lane(head.group);
        lane.expected = this.#options.known?.starts.get(head.name) ?? NOTHING;
        const rows = new RowList();
        let size = 0;
        try {
            for await (const slice of bytes) {
                this.#options.signal.throwIfAborted();
                size += slice.length;
                for (const chunk of lane.chunker.push(slice))
                    await this.#chunk(lane, rows, chunk);
            }
            for (const chunk of lane.chunker.finish())
                await this.#chunk(lane, rows, chunk);
        }
        catch (error) {
            lane.chunker = this.#chunkerFor(lane);
            // What was written of it stays in the pack: harmless for us, but the pack no longer is a script that psql can run.
            if (rows.length > 0)
                this.#straight = false;
            throw error;
        }
        this.#segments.push({ ...head, bytes: size, rows });
        return size;
    }
    /** The source starts again from nothing: its segments are forgotten, chunks that were written serve as known ones. */
    restart() {
        if (this.totals.chunks > 0)
            this.#straight = false;
        this.#segments = [];
    }
    /** All packs are durable when this resolves. */
    async finish() {
        await Promise.all([...this.#lanes.values()].map(({ packs }) => packs.finish()));
    }
    /** The index of the finished backup, and the older packs that it leans on. */
    index(detail) {
        // By group, then as written: stock order, in which everything later reads them.
        const segments = [...this.#segments].sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0));
        const table = new IndexTable(this.#places, this.#packs);
        const listed = segments.map(({ rows, ...segment }) => {
            const first = table.chunks.length;
            for (let i = 0; i < rows.length; i++)
                table.add(rows.at(i));
            return { ...segment, first, count: rows.length };
        });
        return {
            index: { detail, segments: listed, packs: table.packs, chunks: table.chunks },
            leansOn: table.used.filter((pack) => pack.size !== undefined && pack.backup !== this.#options.id),
        };
    }
    /** The index of a failed backup: no segments, but every own chunk that is durable, for the next run to build on. */
    salvage() {
        const table = new IndexTable(this.#places, this.#packs);
        for (let row = 0; row < this.#places.length; row++) {
            const place = this.#places.at(row);
            const pack = this.#packs[place.pack];
            if (place.placed && pack?.backup === this.#options.id && pack.size !== undefined)
                table.add(row);
        }
        return { detail: null, segments: [], packs: table.packs, chunks: table.chunks };
    }
    async #chunk(lane, rows, chunk) {
        let row = lane.confirmed;
        let isFresh = false;
        lane.confirmed = NOTHING;
        if (row === NOTHING) {
            const id = chunkId(this.#options.chain.id, chunk);
            row = this.#straight ? NOTHING : this.#places.find(id);
            isFresh = row === NOTHING;
            if (isFresh)
                row = this.#places.add(id, chunk.length);
        }
        rows.push(row);
        lane.expected = this.#places.after(row);
        this.totals.chunks++;
        this.totals.read += chunk.length;
        if (isFresh) {
            this.totals.fresh += chunk.length;
            // The chunker uses the memory again while this one is being compressed.
            await lane.packs.write(row, Buffer.from(chunk));
        }
        this.#options.advance?.();
    }
    /** Guesses that what followed a chunk in the base follows it again. */
    #chunkerFor(lane) {
        return new Chunker(this.#gear, CHUNK_SIZES, {
            next: () => (lane.expected === NOTHING ? 0 : this.#places.plain(lane.expected)),
            confirms: chunk => {
                if (this.#places.find(chunkId(this.#options.chain.id, chunk)) !== lane.expected)
                    return false;
                lane.confirmed = lane.expected;
                return true;
            },
        });
    }
    #lane(group) {
        const existing = this.#lanes.get(group);
        if (existing !== undefined)
            return existing;
        const { store, component, id, signal, salt, iterations, ...options } = this.#options;
        const packs = new PackWriter({
            group,
            form: FORMS[component],
            codec: options.codec,
            level: options.level,
            key: options.key,
            packSize: store.packSize,
            begin: file => this.#packs.push({ backup: id, file }) - 1,
            put: (file, body) => store.put(objectName({ component, id, file }), body, signal),
            placed: (row, place) => this.#places.place(row, place),
            stored: (position, object) => {
                this.#packs[position] = {
                    backup: id,
                    file: object.name,
                    size: object.size,
                    sha256: object.sha256,
                    salt,
                    iterations,
                };
                this.#objects.push(object);
                this.totals.stored += object.size;
            },
        });
        const position = { expected: NOTHING, confirmed: NOTHING };
        const lane = Object.assign(position, { packs, chunker: this.#chunkerFor(position) });
        this.#lanes.set(group, lane);
        return lane;
    }
}

;// CONCATENATED MODULE: ./build/repository/index-object.js
/** The index as an object in the store: compressed and encrypted like a pack, checked against the manifest's SHA-256. */






/** Sanity bound on what a manifest may make us allocate: some forty million chunks. */
const INDEX_LIMIT = 2 ** 31 - 1;
const DAMAGE_HINT = 'Something outside Comeback changed the store. Restore another backup, or bring the object back from a copy of the store.';
/** Puts the index into the store, and returns what the manifest says of it. */
async function writeIndex(store, backup, index, codec, key, signal) {
    const plain = encodeIndex(index);
    const encryptor = createEncryptor(key);
    const packed = await codec.compress(plain, codec.defaultLevel);
    const body = Buffer.concat([
        encryptor.header,
        encryptor.update(codec.confounder()),
        encryptor.update(packed),
        encryptor.final(),
    ]);
    const file = indexFile(codec.extension);
    await store.put(objectName({ ...backup, file }), [body], signal);
    const sha256 = (0,external_node_crypto_.createHash)('sha256').update(body).digest('hex');
    return { name: file, size: body.length, sha256, plain: plain.length };
}
/** Only of an authentic manifest. `damaged` if the index is missing or not what the manifest says. */
async function readIndex(store, manifest, keyring, signal) {
    const { index, component, id, kdf } = manifest;
    if (index === null)
        throw new errors/* ComebackError */.U$('damaged', `The backup ${id} has no index.`);
    const name = objectName({ component, id, file: index.name });
    if (index.plain > INDEX_LIMIT)
        throw new errors/* ComebackError */.U$('damaged', `The index ${name} is too large to be one.`);
    const body = await getChecked(store, name, index, signal);
    const plain = decryptPack(await keyring.pack(kdf.salt, kdf.iterations), body);
    const codec = codecOfFile(index.name);
    return decodeIndex(await codec.decompress(plain.subarray(codec.confounder().length), index.plain));
}
/** A whole object that must have this size and SHA-256: `damaged` otherwise. */
async function getChecked(store, name, expected, signal) {
    const body = await store.get(name, { limit: expected.size, signal }).catch(error => {
        throw asDamage(error, name);
    });
    if (body.length === expected.size && (0,external_node_crypto_.createHash)('sha256').update(body).digest('hex') === expected.sha256)
        return body;
    const what = body.length === expected.size ? 'was altered' : `has ${body.length} of ${expected.size} bytes`;
    throw new errors/* ComebackError */.U$('damaged', `${name} is not the object that was written: it ${what}.`, { hint: DAMAGE_HINT });
}
/** What a manifest names must be there, and as long as it says: otherwise that is damage, whatever the store calls it. */
function asDamage(error, name) {
    if ((0,errors/* hasCode */.up)(error, 'damaged'))
        return new errors/* ComebackError */.U$('damaged', error.message, { hint: DAMAGE_HINT, cause: error });
    if (!(0,errors/* hasCode */.up)(error, 'not-found'))
        return error;
    return new errors/* ComebackError */.U$('damaged', `${name} is missing from the store.`, { hint: DAMAGE_HINT, cause: error });
}

;// CONCATENATED MODULE: ./build/repository/manifests.js
/** Manifests in a store: read, told apart by authenticity, written once. */



/** Parsed, not yet authenticated: what it says is only a claim. `not-found`, `damaged`, `unsupported`. */
async function readManifest(store, place, signal) {
    const name = objectName(place);
    const manifest = (0,format_manifest/* parseManifest */.Ng)(await store.get(name, { limit: format_manifest/* MANIFEST_LIMIT */.MV, signal }), name);
    const placeholder = place.file === PLACEHOLDER;
    if (manifest.id !== place.id ||
        manifest.component !== place.component ||
        (manifest.status === 'failed') !== placeholder) {
        throw new errors/* ComebackError */.U$('damaged', `${name} belongs to another backup (${manifest.component} ${manifest.id}, ${manifest.status}).`, {
            hint: 'Objects of the store were moved or swapped. Bring it back from a copy, or restore another backup.',
        });
    }
    return manifest;
}
/** Throws `wrong-key` naming both keys, or `damaged` where the key is right and the manifest is not. */
async function authenticate(manifest, keyring) {
    const { mac } = await keyring.chain(manifest.idSalt, manifest.kdf.iterations);
    if ((0,format_manifest/* isAuthentic */._m)(manifest, mac))
        return keyring.isNamed(manifest.keyId);
    const given = await keyring.id();
    if (given !== manifest.keyId) {
        throw new errors/* ComebackError */.U$('wrong-key', `The ${manifest.component} backup ${manifest.id} was made with key ${manifest.keyId}; the key given is ${given}.`, {
            hint: 'Set COMEBACK_KEY (or --key-file) to the key that this backup was made with.',
        });
    }
    throw new errors/* ComebackError */.U$('damaged', `The manifest of the ${manifest.component} backup ${manifest.id} was altered: its authentication code does not match.`, {
        hint: 'Do not trust this backup. Restore another one, or bring the manifest back from a copy of the store.',
    });
}
/** Makes the backup exist (or the placeholder visible). `already-exists` if the name is taken. */
async function writeManifest(store, unsealed, keyring, signal) {
    const { mac } = await keyring.chain(unsealed.idSalt, unsealed.kdf.iterations);
    const { component, id, status } = unsealed;
    const name = objectName({ component, id, file: status === 'failed' ? PLACEHOLDER : MANIFEST });
    await store.put(name, [(0,format_manifest/* sealManifest */.DB)(unsealed, mac)], signal);
}

;// CONCATENATED MODULE: ./build/repository/packs.js
/** The packs that a backup can read: its own and those of older backups that it leans on, as its manifest lists them. */


function packsOf(manifest) {
    const { salt, iterations } = manifest.kdf;
    const own = { backup: manifest.id, salt, iterations, objects: manifest.objects };
    return [own, ...manifest.leansOn].flatMap(({ backup, objects, salt, iterations }) => objects.map(({ name, size, sha256 }) => ({ backup, file: name, size, sha256, salt, iterations })));
}
/** Finds packs by backup and file; a pack that the manifest doesn't list is damage. */
function packFinder(manifest) {
    const packs = new Map(packsOf(manifest).map(pack => [`${pack.backup}/${pack.file}`, pack]));
    return (backup, file) => {
        const pack = packs.get(`${backup}/${file}`);
        if (pack !== undefined)
            return pack;
        throw new errors/* ComebackError */.U$('damaged', `The index of ${manifest.id} names the pack ${backup}/${file}, its manifest does not.`);
    };
}
function packName(component, pack) {
    return objectName({ component, id: pack.backup, file: pack.file });
}

;// CONCATENATED MODULE: ./build/engine/stock.js

const DECOMPRESS = { gzip: 'gunzip', zstd: 'zstd -dc' };
const APPLY = { sql: 'psql -v ON_ERROR_STOP=1 "$DATABASE_URL"', tar: 'tar -x' };
const EXTENSIONS = { gzip: 'gz', zstd: 'zst' };
/** One line of shell, to be run in the backup's folder with the key in `.backup_key`. */
function stockCommand(component, codec, iterations) {
    const form = FORMS[component];
    const decrypt = `openssl enc -d -aes-256-cbc -pbkdf2 -iter ${iterations} -md sha256 -pass file:.backup_key -in "$f"`;
    return `for f in [0-9]*.${form}.${EXTENSIONS[codec]}.enc; do ${decrypt} | ${DECOMPRESS[codec]}; done | ${APPLY[form]}`;
}

;// CONCATENATED MODULE: ./build/engine/commit.js
/** How a backup comes to exist, index first, manifest last; or how a failed one leaves a placeholder. */






/** Milliseconds that a failed or cancelled run may take to leave its placeholder. */
const PLACEHOLDER_TIME = 3_000;
async function commit(request, plan, writer, result) {
    const { store, keyring, source, signal, now } = request;
    const { component } = source;
    const problems = [...plan.problems, ...result.problems];
    const status = problems.some(({ severity }) => severity === 'partial') ? 'partial' : 'complete';
    const { index, leansOn } = writer.index(result.detail);
    const indexObject = await putIndex(request, plan, index, signal);
    await checkPacks(request, leansOn);
    const manifest = await describe(request, plan, writer, { status, index: indexObject, leansOn });
    signal.throwIfAborted();
    await writeManifest(store, manifest, keyring, signal);
    return {
        status,
        component,
        id: plan.id,
        time: manifest.time,
        seconds: (now().getTime() - plan.started.getTime()) / 1000,
        full: manifest.full,
        stock: manifest.stock,
        ...(manifest.base === null ? {} : { base: manifest.base }),
        segments: index.segments.length,
        chunks: index.chunks.length,
        bytes: { read: manifest.bytes.plain, new: manifest.bytes.new, stored: manifest.bytes.stored },
        leansOn: leansOn.length,
        keyId: manifest.keyId,
        ...(manifest.decrypt === null ? {} : { decrypt: manifest.decrypt }),
        problems,
    };
}
async function putIndex({ store, keyring, source, codec }, plan, index, signal) {
    const backup = { component: source.component, id: plan.id };
    return writeIndex(store, backup, index, codecOf(codec), await keyring.pack(plan.salt, plan.iterations), signal);
}
/** A store may have lost or dropped a pack since the base was made: better to fail now than on the day of the restore. */
async function checkPacks({ store, source, signal }, packs) {
    for (const pack of packs) {
        const name = packName(source.component, pack);
        const object = await store.stat(name, signal);
        if (object.size === pack.size)
            continue;
        throw new errors/* ComebackError */.U$('damaged', `${name} has ${object.size} bytes where ${pack.size} were written.`, {
            hint: 'Run the backup again with --full, which leans on nothing.',
        });
    }
}
async function describe(request, plan, writer, facts) {
    const { component } = request.source;
    const full = plan.known === undefined && facts.status !== 'failed';
    const stock = full && writer.straight;
    return {
        format: 1,
        component,
        id: plan.id,
        time: plan.started.toISOString(),
        status: facts.status,
        full,
        stock,
        base: plan.base?.id ?? null,
        // A run that builds on nothing but a failed one's packs begins a chain too.
        chain: plan.base?.chain ?? (facts.status === 'failed' ? null : plan.id),
        source: plan.source,
        codec: request.codec,
        cipher: 'aes-256-cbc',
        kdf: { name: 'pbkdf2-hmac-sha256', iterations: plan.iterations, salt: plan.salt },
        idSalt: plan.idSalt,
        keyId: await request.keyring.id(),
        bytes: {
            plain: writer.totals.read,
            new: writer.totals.fresh,
            stored: writer.totals.stored + (facts.index?.size ?? 0),
        },
        objects: writer.objects,
        index: facts.index,
        leansOn: byBackup(facts.leansOn),
        expires: request.keepUntil?.toISOString() ?? null,
        tools: { ...request.tools },
        decrypt: stock ? stockCommand(component, request.codec, plan.iterations) : null,
        reason: facts.reason ?? null,
    };
}
function byBackup(packs) {
    return [...Map.groupBy(packs, ({ backup, salt, iterations }) => JSON.stringify({ backup, salt, iterations }))].map(([head, group]) => ({
        ...JSON.parse(head),
        objects: group.map(({ file, size, sha256 }) => ({ name: file, size, sha256 })),
    }));
}
/** Whether it could be written: the failure itself matters more than a failing record of it. */
async function leavePlaceholder(request, plan, writer, error) {
    const { store, keyring, source, progress } = request;
    const { component } = source;
    const signal = AbortSignal.timeout(PLACEHOLDER_TIME);
    try {
        const index = writer.objects.length > 0 ? await putIndex(request, plan, writer.salvage(), signal) : null;
        const manifest = await describe(request, plan, writer, { status: 'failed', index, leansOn: [], reason: error.code });
        await writeManifest(store, manifest, keyring, signal);
        return true;
    }
    catch (placeholderError) {
        const { message } = (0,errors/* asComebackError */.Mx)(placeholderError);
        progress({ type: 'warning', component, message: `The failed backup left no placeholder: ${message}` });
        return false;
    }
}

// EXTERNAL MODULE: ./build/format/keys.js
var keys = __webpack_require__(1532);
;// CONCATENATED MODULE: ./build/repository/pack-use.js
/** Bytes of a pack that are no chunk's: header, confounder and padding, at most. It matters for tiny packs alone. */
const OVERHEAD = 96;
/** Whether at least half of the pack is used. */
function mostlyUsed(used, packSize) {
    return (used + OVERHEAD) * 2 >= packSize;
}
/** Ciphertext bytes that the index refers to, by pack; each chunk counted once however often it is used. */
function usedBytes(index) {
    const used = index.packs.map(() => 0);
    const seen = index.packs.map(() => new Set());
    for (let i = 0; i < index.chunks.length; i++) {
        const { pack, offset, length } = index.chunks.at(i);
        if (seen[pack]?.has(offset))
            continue;
        seen[pack]?.add(offset);
        used[pack] = (used[pack] ?? 0) + length;
    }
    return used;
}

;// CONCATENATED MODULE: ./build/engine/catalog.js
/** Which backups a store holds, and which one a person means by `latest`, a day, a time or an id. */




/** How many other backups an error names when the one asked for does not exist. */
const NEAREST = 4;
async function readCatalog(store, component, signal) {
    const entries = [];
    const foreign = [];
    const objects = new Map();
    for await (const object of store.list(component === undefined ? '' : `${component}/`, signal)) {
        objects.set(object.name, object);
        const place = parseObjectName(object.name);
        if (place === undefined)
            foreign.push(object.name);
        else if (place.file === MANIFEST)
            entries.push({ component: place.component, id: place.id, kind: 'backup' });
        else if (place.file === PLACEHOLDER)
            entries.push({ component: place.component, id: place.id, kind: 'placeholder' });
    }
    // Ids begin with their time; of a backup and a placeholder with one id the backup counts.
    entries.sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : a.kind === 'backup' ? -1 : 1));
    return { entries, objects, foreign };
}
function manifestOf(store, entry, signal) {
    const file = entry.kind === 'backup' ? MANIFEST : PLACEHOLDER;
    return readManifest(store, { component: entry.component, id: entry.id, file }, signal);
}
/** `latest`, `2026-11-23`, `2026-11-23T02:00Z` (or any ISO time with a zone), a backup id. `usage` for anything else. */
function parseMoment(text) {
    if (text === 'latest')
        return { kind: 'latest' };
    if ((0,backup_id/* isBackupId */["if"])(text))
        return { kind: 'id', id: text };
    if (/^\d{4}-\d{2}-\d{2}$/.test(text) && isRealDay(text))
        return { kind: 'day', day: text };
    if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/.test(text)) {
        const time = new Date(text);
        if (!Number.isNaN(time.getTime()))
            return { kind: 'time', time };
    }
    throw new errors/* ComebackError */.U$('usage', `"${text}" is neither latest, nor a day, a time or a backup id.`, {
        hint: 'Write latest, 2026-11-23, 2026-11-23T02:00Z or an id as `comeback list` shows it.',
    });
}
function isRealDay(text) {
    const time = new Date(`${text}T00:00:00Z`);
    return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}
/**
 * The authenticated manifest of the backup that is meant. Only complete ones count, but for an id, which may name a partial
 * one. A damaged or foreign manifest on the way is an error: an older backup must not pass for the newest.
 */
async function findBackup(store, component, moment, keyring, signal) {
    const catalog = await readCatalog(store, component, signal);
    const candidates = catalog.entries.filter(entry => matches(entry, moment));
    const skipped = [];
    for (const entry of candidates) {
        if (entry.kind === 'placeholder') {
            skipped.push(`${entry.id} failed`);
            continue;
        }
        const manifest = await manifestOf(store, entry, signal);
        // Its index comes next; the second core derives that key while the first derives the manifest's.
        keyring.preparePack(manifest.kdf.salt, manifest.kdf.iterations);
        await authenticate(manifest, keyring);
        if (manifest.status === 'complete' || moment.kind === 'id')
            return manifest;
        skipped.push(`${entry.id} is partial`);
    }
    throw noSuchBackup(store, component, moment, catalog, skipped);
}
function matches(entry, moment) {
    switch (moment.kind) {
        case 'latest':
            return true;
        case 'day':
            return (0,backup_id/* timeOf */.nR)(entry.id).toISOString().startsWith(moment.day);
        case 'time':
            return (0,backup_id/* timeOf */.nR)(entry.id) <= moment.time;
        case 'id':
            return entry.id === moment.id;
    }
}
function noSuchBackup(store, component, moment, catalog, skipped) {
    const passedOver = skipped.length > 0 ? ` (${skipped.slice(0, NEAREST).join(', ')})` : '';
    const near = nearest(catalog, moment);
    return new errors/* ComebackError */.U$('no-such-backup', `No ${catalog_describe(component, moment)} in ${store.location}${passedOver}.`, {
        hint: near.length > 0
            ? `The nearest ones: ${near.join(', ')}. \`comeback list ${component}\` shows all.`
            : `The store holds no ${component} backup at all: is ${store.location} the right one?`,
    });
}
function catalog_describe(component, moment) {
    switch (moment.kind) {
        case 'latest':
            return `complete ${component} backup`;
        case 'day':
            return `complete ${component} backup of ${moment.day} (UTC)`;
        case 'time':
            return `complete ${component} backup at or before ${moment.time.toISOString()}`;
        case 'id':
            return `${component} backup ${moment.id}`;
    }
}
function nearest(catalog, moment) {
    const target = moment.kind === 'day'
        ? Date.parse(`${moment.day}T12:00:00Z`)
        : moment.kind === 'time'
            ? moment.time.getTime()
            : moment.kind === 'id'
                ? (0,backup_id/* timeOf */.nR)(moment.id).getTime()
                : Number.POSITIVE_INFINITY;
    const ids = catalog.entries.filter(entry => entry.kind === 'backup').map(entry => entry.id);
    if (target === Number.POSITIVE_INFINITY)
        return ids.slice(0, NEAREST);
    const distance = (id) => Math.abs((0,backup_id/* timeOf */.nR)(id).getTime() - target);
    return [...ids].sort((a, b) => distance(a) - distance(b)).slice(0, NEAREST);
}

;// CONCATENATED MODULE: ./build/engine/base.js
/**
 * What a new backup may build on: the newest backup of the same source, and the placeholders of runs that failed since. The
 * reuse rule is here: a chunk may be referred to only in a pack that the store keeps long enough and that the base still uses
 * at least half of. So full backups come by themselves when they are due, and garbage stays bounded without repacking.
 */









const SOURCE_BYTES = 16;
/** The keyed hash under which a source is known; nobody without the key can tell what it names. */
async function sourceHash(keyring, idSalt, iterations, component, identity) {
    const { source } = await keyring.chain(idSalt, iterations);
    return (0,external_node_crypto_.createHmac)('sha256', source)
        .update(`${component}\0${identity}`)
        .digest()
        .subarray(0, SOURCE_BYTES)
        .toString('hex');
}
/**
 * Looks from the newest backwards. Damaged manifests are reported and passed over: they must not stop new backups. Throws
 * `wrong-key` if the store holds backups of this component and none was made with this key: more likely a slip than a wish.
 */
async function findBase(search, allowOtherKey) {
    const { store, keyring, component, identity, catalog, signal } = search;
    const placeholders = [];
    const problems = [];
    let otherKey;
    let holdsOurs = false;
    for (const entry of catalog.entries) {
        const manifest = await manifestOf(store, entry, signal)
            .then(async (found) => {
            keyring.preparePack(found.kdf.salt, found.kdf.iterations);
            await authenticate(found, keyring);
            return found;
        })
            .catch(error => {
            if ((0,errors/* hasCode */.up)(error, 'wrong-key'))
                otherKey ??= error;
            else if ((0,errors/* hasCode */.up)(error, 'damaged', 'unsupported', 'not-found'))
                problems.push(passedOver(error));
            else
                throw error;
        });
        if (!manifest)
            continue;
        holdsOurs = true;
        if (manifest.source !== (await sourceHash(keyring, manifest.idSalt, manifest.kdf.iterations, component, identity)))
            continue;
        if (entry.kind === 'backup')
            return {
                backup: manifest,
                placeholders: placeholders.filter(({ idSalt }) => idSalt === manifest.idSalt),
                problems,
            };
        if (manifest.index !== null)
            placeholders.push(manifest);
    }
    if (otherKey !== undefined && !holdsOurs && !allowOtherKey) {
        throw new errors/* ComebackError */.U$('wrong-key', `The store's ${component} backups were made with another key. ${otherKey.message}`, {
            hint: 'Give the old key, or start anew under this one with --full; the old backups then still need the old key.',
            cause: otherKey,
        });
    }
    const [newest] = placeholders;
    return { backup: undefined, placeholders: placeholders.filter(({ idSalt }) => idSalt === newest?.idSalt), problems };
}
/** Whether the chain's full backup is older than `fullEvery` milliseconds. */
function fullIsDue(backup, now, fullEvery) {
    return backup.chain === null || now.getTime() - (0,backup_id/* timeOf */.nR)(backup.chain).getTime() >= fullEvery;
}
/** The chunks of these manifests that the reuse rule allows. A damaged index is reported and gives none. */
async function loadKnown(search, manifests, keepUntil) {
    const places = new ChunkPlaces();
    const packs = [];
    const starts = new Map();
    const problems = [];
    for (const manifest of manifests) {
        const index = await readIndex(search.store, manifest, search.keyring, search.signal).catch(error => {
            if (!(0,errors/* hasCode */.up)(error, 'damaged'))
                throw error;
            problems.push(passedOver(error));
        });
        if (!index)
            continue;
        const find = packFinder(manifest);
        const listed = index.packs.map(({ backup, name }) => find(backup, name));
        addKnown(places, packs, index, listed, pack => isKept(search, pack, keepUntil));
        linkSegments(places, starts, index);
    }
    return { known: { places, packs, starts }, problems };
}
function addKnown(places, packs, index, listed, kept) {
    const used = usedBytes(index);
    const positions = listed.map((pack, number) => mostlyUsed(used[number] ?? 0, pack.size) && kept(pack) ? packs.push(pack) - 1 : undefined);
    for (let i = 0; i < index.chunks.length; i++) {
        const { id, pack, offset, length, plain } = index.chunks.at(i);
        const position = positions[pack];
        if (position === undefined || places.find(id) >= 0)
            continue;
        places.place(places.add(id, plain), { pack: position, offset, length });
    }
}
/**
 * Which chunk followed which, so that the next backup may guess it. The last one of a segment was cut by its end, not by its
 * bytes, and is never guessed.
 */
function linkSegments(places, starts, index) {
    for (const { name, first, count } of index.segments) {
        let before = -1;
        for (let i = first; i < first + count - 1; i++) {
            const row = places.find(index.chunks.at(i).id);
            if (row >= 0 && i === first)
                starts.set(name, row);
            if (row >= 0 && before >= 0)
                places.follow(before, row);
            before = row;
        }
    }
}
/** The store has the pack, whole, for as long as the new backup must live. */
function isKept({ catalog, component }, pack, keepUntil) {
    const object = catalog.objects.get(packName(component, pack));
    if (object === undefined || object.size !== pack.size)
        return false;
    return object.expiresAt === undefined || (keepUntil !== undefined && object.expiresAt >= keepUntil);
}
function passedOver(error) {
    const { message, hint } = (0,errors/* asComebackError */.Mx)(error);
    return {
        severity: 'warning',
        message: `An earlier backup can't be built on: ${message}`,
        hint,
    };
}

;// CONCATENATED MODULE: ./build/engine/plan.js
/** What is decided about a backup before the first byte is read: its id, what it builds on, and the salts of its keys. */





async function makePlan(request) {
    const { store, keyring, source, now, signal } = request;
    const started = now();
    const { component } = source;
    const identity = request.sourceName === undefined ? source.identity : `name:${request.sourceName}`;
    const catalog = await readCatalog(store, component, signal);
    const search = { store, keyring, component, identity, catalog, signal };
    const found = await findBase(search, request.full);
    const newest = found.placeholders[0] ?? found.backup;
    const full = request.full || (found.backup !== undefined && fullIsDue(found.backup, started, request.fullEvery));
    const manifests = full ? [] : [...(found.backup === undefined ? [] : [found.backup]), ...found.placeholders];
    const loaded = await loadKnown(search, manifests, request.keepUntil);
    const known = loaded.known.places.length > 0 ? loaded.known : undefined;
    const idSalt = newest?.idSalt ?? (0,external_node_crypto_.randomBytes)(16).toString('hex');
    const iterations = newest?.kdf.iterations ?? request.iterations ?? keys/* PBKDF2_ITERATIONS */.Fy;
    return {
        id: (0,backup_id/* newBackupId */._H)(started),
        started,
        base: known === undefined ? undefined : found.backup,
        known,
        idSalt,
        // A chain shares its salt, which makes one key derivation do for all of it; the confounder keeps packs apart.
        salt: known === undefined || newest === undefined ? (0,external_node_crypto_.randomBytes)(8).toString('hex') : newest.kdf.salt,
        iterations,
        source: await sourceHash(keyring, idSalt, iterations, component, identity),
        problems: [...found.problems, ...loaded.problems],
    };
}

;// CONCATENATED MODULE: ./build/engine/backup.js
/** The use case: a Source's segments become a backup, or a placeholder that says why not. */





/** How often a source that lost its connection for good is read from the start. */
const READS = 2;
/**
 * Throws only what went wrong before anything could be stored (key, store). A failure after that is an outcome, with a
 * placeholder in the store if it could be written.
 */
async function backup(request) {
    const { source, signal } = request;
    // The source is opened while keys are derived and the base is read; both take a second in which the other has nothing to do.
    const failed = new AbortController();
    const opening = openWriter(request);
    const reading = readSource(request, opening, AbortSignal.any([signal, failed.signal]));
    const [opened, read] = await Promise.allSettled([
        opening.catch(error => {
            failed.abort(error);
            throw error;
        }),
        reading,
    ]);
    if (opened.status === 'rejected')
        throw opened.reason;
    const { plan, writer } = opened.value;
    try {
        if (read.status === 'rejected')
            throw read.reason;
        return await commit(request, plan, writer, read.value);
    }
    catch (cause) {
        const error = signal.aborted ? (0,errors/* asComebackError */.Mx)(signal.reason) : (0,errors/* asComebackError */.Mx)(cause);
        const placeholder = await leavePlaceholder(request, plan, writer, error);
        const { code, message, hint } = error;
        return {
            status: 'failed',
            component: source.component,
            ...(placeholder ? { placeholder: plan.id } : {}),
            error: { code, message, hint },
        };
    }
}
async function openWriter(request) {
    const { store, keyring, source, signal, progress } = request;
    const { component } = source;
    const plan = await makePlan(request);
    const codec = codecOf(request.codec);
    const chain = await keyring.chain(plan.idSalt, plan.iterations);
    // Neither is needed before the first pack is begun, or the manifest written.
    const key = keyring.pack(plan.salt, plan.iterations);
    keyring.prepareId();
    const writer = new BackupWriter({
        store,
        component,
        id: plan.id,
        codec,
        level: request.level ?? codec.defaultLevel,
        chain,
        key,
        salt: plan.salt,
        iterations: plan.iterations,
        known: plan.known,
        signal,
        advance: () => {
            const { read, fresh, stored } = writer.totals;
            progress({ type: 'bytes', component, done: read, fresh, stored });
        },
    });
    return { plan, writer };
}
async function readSource({ source, progress }, opening, signal) {
    const { component } = source;
    const out = {
        expect: bytes => progress({ type: 'expect', component, bytes }),
        segment: async (head, bytes) => (await opening).writer.segment(head, bytes),
        phase: text => progress({ type: 'phase', component, text }),
    };
    for (let read = 1;; read++) {
        try {
            const result = await source.read(out, signal);
            const { writer } = await opening;
            await writer.finish();
            return result;
        }
        catch (error) {
            if (signal.aborted || !(0,errors/* hasCode */.up)(error, 'connection'))
                throw error;
            const { writer } = await opening;
            // Without a byte read the source is simply not there: its own retries were enough.
            if (read >= READS || writer.totals.chunks === 0)
                throw error;
            progress({ type: 'warning', component, message: `${error.message} The backup starts again from the beginning.` });
            writer.restart();
        }
    }
}

;// CONCATENATED MODULE: ./build/repository/pack-reader.js








/** Whole packs kept decrypted: segments that were written side by side are read alternating between their packs. */
const CACHED_PACKS = 3;
/** The most that one ranged read fetches, and the largest gap that it reads across. */
const SPAN = 2 * sizes/* MiB */.lv;
const GAP = 64 * 1024;
/** Chunks decompressed ahead of the consumer. */
const pack_reader_AHEAD = 4;
class PackReader {
    #store;
    #component;
    #keyring;
    #idKey;
    #index;
    #uses;
    /** By pack name, oldest use first. */
    #cache = new Map();
    constructor(store, component, keyring, idKey, index, find) {
        this.#store = store;
        this.#component = component;
        this.#keyring = keyring;
        this.#idKey = idKey;
        this.#index = index;
        const packs = index.packs.map(({ backup, name }) => find(backup, name));
        const used = usedBytes(index);
        this.#uses = packs.map((pack, position) => ({ pack, whole: mostlyUsed(used[position] ?? 0, pack.size) }));
    }
    /** The plain bytes of the index's chunks [first, first + count), in order. */
    async *read(first, count, signal) {
        for await (const span of pack_reader_ahead(this.#spans(first, count), 1, span => this.#fetch(span, signal))) {
            const chunks = span.refs.values();
            for await (const plain of pack_reader_ahead(chunks, pack_reader_AHEAD, ref => this.#open(span, ref))) {
                signal.throwIfAborted();
                yield plain;
            }
        }
    }
    *#spans(first, count) {
        let span;
        for (let i = first; i < first + count; i++) {
            const ref = this.#index.chunks.at(i);
            const use = this.#uses[ref.pack];
            if (use === undefined)
                throw new errors/* ComebackError */.U$('damaged', `Chunk ${i} lies in a pack that the index does not list.`);
            const start = span?.refs[0]?.offset ?? 0;
            const joins = span?.use === use &&
                ref.offset >= span.end &&
                ref.offset - span.end <= GAP &&
                ref.offset + ref.length - start <= SPAN;
            if (span !== undefined && joins) {
                span.refs.push(ref);
                span.end = ref.offset + ref.length;
            }
            else {
                if (span !== undefined)
                    yield span;
                span = { use, refs: [ref], end: ref.offset + ref.length };
            }
        }
        if (span !== undefined)
            yield span;
    }
    /** The span with the decrypted bytes that hold its chunks, and where in the pack these begin. */
    async #fetch(span, signal) {
        if (span.use.whole)
            return { ...span, bytes: await this.#whole(span.use.pack, signal), base: 0 };
        const { pack } = span.use;
        const name = packName(this.#component, pack);
        const key = await this.#keyring.pack(pack.salt, pack.iterations);
        const offset = span.refs[0]?.offset ?? 0;
        const range = { offset, length: span.end - offset };
        const stored = await this.#store.get(name, { range: cipherRange(range), signal }).catch(error => {
            throw asDamage(error, name);
        });
        return { ...span, bytes: decryptRange(key, stored, range), base: offset };
    }
    #whole(pack, signal) {
        const name = packName(this.#component, pack);
        const cached = this.#cache.get(name);
        this.#cache.delete(name);
        const bytes = cached ?? this.#decrypt(pack, name, signal);
        this.#cache.set(name, bytes);
        for (const oldest of this.#cache.keys()) {
            if (this.#cache.size <= CACHED_PACKS)
                break;
            this.#cache.delete(oldest);
        }
        return bytes;
    }
    async #decrypt(pack, name, signal) {
        const stored = await getChecked(this.#store, name, pack, signal);
        return decryptPack(await this.#keyring.pack(pack.salt, pack.iterations), stored);
    }
    async #open(span, ref) {
        const { pack } = span.use;
        const start = ref.offset - span.base;
        try {
            if (start + ref.length > span.bytes.length)
                throw new errors/* ComebackError */.U$('damaged', 'The pack is shorter than its index says.');
            const plain = await codecOfFile(pack.file).decompress(span.bytes.subarray(start, start + ref.length), ref.plain);
            if (!chunkId(this.#idKey, plain).equals(ref.id))
                throw new errors/* ComebackError */.U$('damaged', 'The chunk is not the one that was written.');
            return plain;
        }
        catch (error) {
            if (!(0,errors/* hasCode */.up)(error, 'damaged'))
                throw error;
            throw new errors/* ComebackError */.U$('damaged', `${packName(this.#component, pack)} is damaged at byte ${ref.offset}: ${error.message}`, {
                cause: error,
                hint: DAMAGE_HINT,
            });
        }
    }
}
/** Maps in order with up to `depth` results prepared before they are asked for. */
async function* pack_reader_ahead(items, depth, map) {
    const waiting = [];
    for (const item of items) {
        const result = map(item);
        // Awaited below in its turn; until then a failure must not count as unhandled.
        result.catch(() => undefined);
        waiting.push(result);
        if (waiting.length > depth)
            yield await waiting.shift();
    }
    for (const result of waiting)
        yield await result;
}

;// CONCATENATED MODULE: ./build/repository/stored-backup.js




/** Only of an authenticated manifest. */
async function openBackup(store, manifest, keyring, signal) {
    const index = await readIndex(store, manifest, keyring, signal);
    const keys = await keyring.chain(manifest.idSalt, manifest.kdf.iterations);
    const reader = new PackReader(store, manifest.component, keyring, keys.id, index, packFinder(manifest));
    const places = new Map(index.segments.map(({ first, count, ...segment }) => [segment.name, { segment, first, count }]));
    return {
        id: manifest.id,
        time: new Date(manifest.time),
        detail: index.detail,
        segments: [...places.values()].map(({ segment }) => segment),
        read(segment, readSignal) {
            const place = places.get(segment.name);
            if (place === undefined)
                throw new errors/* ComebackError */.U$('not-found', `The backup ${manifest.id} has no segment ${segment.name}.`);
            return reader.read(place.first, place.count, readSignal);
        },
    };
}

;// CONCATENATED MODULE: ./build/engine/export.js
/**
 * The use case: any backup becomes a full one in a store of its own, whose files stock tools can read. It keeps its id, so
 * the copy can also be restored from.
 */









async function exportBackup(request) {
    const { store, target, keyring, component, progress, signal } = request;
    const manifest = await findBackup(store, component, request.moment, keyring, signal);
    await refuseTwice(target, component, manifest.id, signal);
    const stored = await openBackup(store, manifest, keyring, signal);
    const salt = (0,external_node_crypto_.randomBytes)(8).toString('hex');
    const { iterations } = manifest.kdf;
    const codec = codecOf(manifest.codec);
    const writer = new BackupWriter({
        store: target,
        component,
        id: manifest.id,
        codec,
        level: request.level ?? codec.defaultLevel,
        chain: await keyring.chain(manifest.idSalt, iterations),
        key: keyring.pack(salt, iterations),
        salt,
        iterations,
        known: undefined,
        signal,
        advance: () => progress({ type: 'bytes', component, done: writer.totals.read, fresh: 0, stored: writer.totals.stored }),
    });
    progress({ type: 'phase', component, text: `exporting ${manifest.id}` });
    progress({ type: 'expect', component, bytes: manifest.bytes.plain });
    for (const segment of stored.segments) {
        const { bytes: _, ...head } = segment;
        await writer.segment(head, stored.read(segment, signal));
    }
    await writer.finish();
    const key = await keyring.pack(salt, iterations);
    const index = await writeIndex(target, manifest, writer.index(stored.detail).index, codec, key, signal);
    const decrypt = stockCommand(component, manifest.codec, iterations);
    const { mac: _, ...unsealed } = manifest;
    const exported = {
        ...unsealed,
        full: true,
        stock: true,
        base: null,
        chain: manifest.id,
        kdf: { ...manifest.kdf, salt },
        bytes: { plain: writer.totals.read, new: writer.totals.fresh, stored: writer.totals.stored + index.size },
        objects: writer.objects,
        index,
        leansOn: [],
        expires: null,
        decrypt,
    };
    await writeManifest(target, exported, keyring, signal);
    progress({ type: 'done', component });
    return {
        command: 'export',
        component,
        id: manifest.id,
        directory: `${target.location}/${component}/${manifest.id}`.replace(/^file:/, ''),
        files: exported.objects.map(({ name }) => name),
        bytes: exported.bytes.stored,
        decrypt,
    };
}
async function refuseTwice(target, component, id, signal) {
    const catalog = await readCatalog(target, component, signal);
    const inTheWay = [...catalog.objects.keys()].some(name => name.startsWith(`${component}/${id}/`));
    if (!inTheWay)
        return;
    throw new errors/* ComebackError */.U$('already-exists', `${target.location} already holds files of the ${component} backup ${id}.`, {
        hint: 'Export into an empty folder with --into.',
    });
}

;// CONCATENATED MODULE: ./build/engine/list.js
/** The use case: what the store holds, as far as it can be believed. */




/** Without a keyring, or with another key, the entries are listed as they claim to be. */
async function list(store, components, keyring, signal) {
    const [only, ...more] = components;
    const catalog = await readCatalog(store, more.length === 0 ? only : undefined, signal);
    const backups = [];
    for (const entry of catalog.entries) {
        if (components.includes(entry.component))
            backups.push(await list_describe(store, entry, keyring, signal));
    }
    return { command: 'list', store: store.location, backups, foreign: catalog.foreign };
}
async function list_describe(store, entry, keyring, signal) {
    const { component, id } = entry;
    try {
        const manifest = await manifestOf(store, entry, signal);
        const authenticated = keyring !== undefined && (await isOurs(manifest, keyring));
        return {
            component,
            id,
            time: manifest.time,
            status: manifest.status,
            stock: manifest.stock,
            bytes: manifest.bytes.plain,
            stored: manifest.bytes.stored,
            keyId: manifest.keyId,
            leansOn: manifest.leansOn.map(({ backup }) => backup),
            authenticated,
            ...(manifest.reason === null ? {} : { reason: manifest.reason }),
        };
    }
    catch (error) {
        if (!(0,errors/* hasCode */.up)(error, 'damaged', 'unsupported', 'not-found'))
            throw error;
        const reason = (0,errors/* asComebackError */.Mx)(error).message;
        const time = (0,backup_id/* timeOf */.nR)(id).toISOString();
        const unknown = { stock: false, bytes: 0, stored: 0, keyId: '', leansOn: [], authenticated: false };
        return { component, id, time, status: 'damaged', ...unknown, reason };
    }
}
/** Throws `damaged` where the key is right and the manifest is not. */
async function isOurs(manifest, keyring) {
    try {
        await authenticate(manifest, keyring);
        return true;
    }
    catch (error) {
        if ((0,errors/* hasCode */.up)(error, 'wrong-key'))
            return false;
        throw error;
    }
}

;// CONCATENATED MODULE: ./build/engine/restore.js


async function restore(request) {
    const { store, keyring, component, sink, progress, signal, now } = request;
    const started = now();
    const manifest = await findBackup(store, component, request.moment, keyring, signal);
    progress({ type: 'phase', component, text: `opening ${manifest.id}` });
    const stored = await openBackup(store, manifest, keyring, signal);
    progress({ type: 'expect', component, bytes: manifest.bytes.plain });
    let done = 0;
    const result = await sink.restore(stored, {
        phase: text => progress({ type: 'phase', component, text }),
        advance(bytes) {
            done += bytes;
            progress({ type: 'bytes', component, done, fresh: 0, stored: 0 });
        },
    }, signal);
    progress({ type: 'done', component });
    const partial = manifest.status === 'partial'
        ? [
            {
                severity: 'warning',
                message: `The backup ${manifest.id} itself is partial: some files changed or vanished while it was made.`,
            },
        ]
        : [];
    return {
        command: 'restore',
        component,
        id: manifest.id,
        time: manifest.time,
        seconds: (now().getTime() - started.getTime()) / 1000,
        bytes: manifest.bytes.plain,
        summary: result.summary,
        problems: [...partial, ...result.problems],
    };
}

;// CONCATENATED MODULE: ./build/files/archive.js
/** Files as a Source: one tar stream, the same bytes for the same files. */






/**
 * Throws `usage` for impossible patterns. Reading throws `not-found` if no pattern names anything; a pattern among others
 * that names nothing, and files that can't be read whole, are problems of the result.
 */
function createFilesSource({ root, include, exclude }) {
    selectPaths(root, include, exclude);
    return {
        component: 'files',
        identity: `files ${root} ${JSON.stringify(include)}`,
        read: (out, signal) => readFiles(root, include, exclude, out, signal),
    };
}
async function readFiles(root, include, exclude, out, signal) {
    const selection = selectPaths(root, include, exclude);
    const problems = gatherFileProblems();
    out.phase('Reading files');
    await out.segment({ name: 'files', group: '01-data', detail: { kind: 'tar' } }, archive());
    const unmatched = selection.unmatched().map(pattern => ({
        severity: 'warning',
        message: `The pattern ${pattern} names nothing below ${root}.`,
        hint: 'Correct it, or drop it.',
    }));
    return {
        // Whether the paths in the archive start at the root, or at `/` because a pattern led out of it.
        detail: { kind: 'files', base: selection.base === '/' ? 'filesystem' : 'root' },
        problems: [...problems.list(), ...unmatched],
    };
    async function* archive() {
        yield* packFiles(walkFiles(selection, problems, signal), path => path, problems, signal);
        if (selection.unmatched().length === include.length) {
            throw new errors/* ComebackError */.U$('not-found', `No file below ${root} matches ${include.join(', ')}.`, {
                hint: 'Patterns start at that folder. A name that begins with a dot must be written with its dot.',
            });
        }
        yield ARCHIVE_END;
    }
}

;// CONCATENATED MODULE: ./build/key-file.js
var __addDisposableResource = (undefined && undefined.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var __disposeResources = (undefined && undefined.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
/** Where the key comes from: given, or read from the key file; locally the first backup makes one. */



const MAKE_ONE = 'Make one with `comeback key new`, and keep a copy of it away from the backups.';
const MAKE_SECRET = 'In CI a key is never made: run `comeback key new` on your own machine, keep a copy, and store it as the repository secret COMEBACK_KEY (Settings > Secrets and variables > Actions), and pass it to the step in its environment.';
/** The passphrase, or undefined if there is none. `weak-key` or `usage` if it can't be one. */
async function findKey({ given, file }) {
    const text = given === undefined || given.trim() === '' ? await readKeyFile(file) : given;
    if (text === undefined)
        return undefined;
    // The line break that ends a file or a pasted secret is not part of the key; openssl reads the first line, too.
    const passphrase = text.replace(/\r?\n$/, '');
    (0,keys/* checkPassphrase */.Bt)(passphrase);
    return passphrase;
}
/** Like `findKey`, but `no-key` if there is none. */
async function needKey(place) {
    const passphrase = await findKey(place);
    if (passphrase !== undefined)
        return passphrase;
    throw new errors/* ComebackError */.U$('no-key', `There is no key: COMEBACK_KEY is not set and ${place.file} does not exist.`, {
        hint: place.ci ? MAKE_SECRET : MAKE_ONE,
    });
}
/** Writes a new key file, mode 0600, never over an existing one. In CI it refuses with `no-key`. */
async function makeKey({ file, ci }) {
    if (ci)
        throw new errors/* ComebackError */.U$('no-key', 'There is no key: COMEBACK_KEY is not set.', { hint: MAKE_SECRET });
    const passphrase = (0,keys/* newPassphrase */.$X)();
    try {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const handle = __addDisposableResource(env_1, await (0,promises_.open)(file, 'wx', 0o600), true);
            await handle.writeFile(`${passphrase}\n`);
            await handle.sync();
        }
        catch (e_1) {
            env_1.error = e_1;
            env_1.hasError = true;
        }
        finally {
            const result_1 = __disposeResources(env_1);
            if (result_1)
                await result_1;
        }
    }
    catch (cause) {
        if (isCode(cause, 'EEXIST')) {
            throw new errors/* ComebackError */.U$('already-exists', `${file} exists: a key is never overwritten.`, {
                hint: 'Old backups need it. Move it to a safe place first, or name another file with --key-file.',
                cause,
            });
        }
        throw new errors/* ComebackError */.U$('permission', `The key file ${file} could not be written.`, { cause, hint: MAKE_ONE });
    }
    await (0,promises_.chmod)(file, 0o600);
    return passphrase;
}
async function readKeyFile(file) {
    try {
        return await (0,promises_.readFile)(file, 'utf8');
    }
    catch (cause) {
        if (isCode(cause, 'ENOENT'))
            return undefined;
        throw new errors/* ComebackError */.U$('permission', `The key file ${file} could not be read.`, {
            hint: 'Check its owner and mode, or set COMEBACK_KEY.',
            cause,
        });
    }
}
function isCode(error, code) {
    return error instanceof Error && 'code' in error && error.code === code;
}

// EXTERNAL MODULE: external "node:timers/promises"
var external_node_timers_promises_ = __webpack_require__(8500);
// EXTERNAL MODULE: ./node_modules/pg/esm/index.mjs
var esm = __webpack_require__(3849);
;// CONCATENATED MODULE: ./build/postgres/connection/connection-url.js
/**
 * A database URL as libpq reads it: where the server is, who asks, and how much TLS is wanted. Parsed here and not by pg,
 * whose own parser reads files, warns on stderr about `sslmode=require` and gives it another meaning than libpq does.
 *
 * The URL holds the password, so no error of this file repeats any part of it.
 */


const DEFAULT_PORT = 5432;
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'no-verify', 'verify-ca', 'verify-full'];
/** Throws `usage` on anything that is not one server's URL. Parameters that only other programs know are ignored. */
function parseDatabaseUrl(text) {
    const url = parse(text);
    const parameter = (name) => url.searchParams.get(name) || undefined;
    const host = parameter('host') ?? (decode(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost');
    if (host.includes(','))
        throw malformed('names several hosts; name one');
    const user = parameter('user') ?? (decode(url.username) || (0,external_node_os_.userInfo)().username);
    const sslMode = sslModeOf(parameter('sslmode'), parameter('ssl'), parameter('sslnegotiation'));
    return {
        host,
        port: portOf(parameter('port') ?? url.port),
        database: parameter('dbname') ?? (decode(url.pathname.slice(1)) || user),
        user,
        password: parameter('password') ?? (decode(url.password) || undefined),
        sslMode: sslMode ?? 'prefer',
        sslModeGiven: sslMode !== undefined,
        sslRootCert: parameter('sslrootcert'),
        sslCert: parameter('sslcert'),
        sslKey: parameter('sslkey'),
        channelBinding: parameter('channel_binding') === 'require',
        options: parameter('options'),
        applicationName: parameter('application_name'),
        pgbouncer: parameter('pgbouncer') === 'true',
    };
}
/** `host:port/database`, for messages. Never holds a name or a password. */
function describeUrl(url) {
    return describeTarget(parseDatabaseUrl(url));
}
function describeTarget({ host, port, database }) {
    return `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}
/** Names the database for good: the same whoever connects and by whichever parameters. Host names have no case, databases do. */
function identityOf(url) {
    const target = parseDatabaseUrl(url);
    return describeTarget({ ...target, host: isSocket(target) ? target.host : target.host.toLowerCase() });
}
function isSocket(target) {
    return target.host.startsWith('/');
}
function parse(text) {
    if (!/^postgres(ql)?:\/\//i.test(text.trim()))
        throw malformed('does not begin with postgresql://');
    // libpq allows `user@/database?host=…`, which the URL standard does not.
    const standard = text.trim().replace(/^([a-z]+:\/\/[^/?#]*@)(?=[/?])/i, '$1localhost');
    if (!URL.canParse(standard))
        throw malformed('cannot be read');
    const url = new URL(standard);
    if (url.hash !== '')
        throw malformed('holds a bare #');
    return url;
}
function decode(text) {
    try {
        return decodeURIComponent(text);
    }
    catch {
        // The cause is dropped on purpose: it may quote what it could not decode.
        throw malformed('holds a % that is not part of a percent-encoded character');
    }
}
function portOf(text) {
    if (text === '')
        return DEFAULT_PORT;
    const port = Number(text);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
        throw malformed('holds an impossible port');
    return port;
}
/** `ssl` is what JDBC and pg call it; direct negotiation makes no sense without TLS. */
function sslModeOf(mode, ssl, negotiation) {
    if (mode !== undefined) {
        const known = SSL_MODES.find(known => known === mode);
        if (known === undefined)
            throw malformed(`holds an unknown sslmode; it is one of ${SSL_MODES.join(', ')}`);
        return known;
    }
    if (ssl === 'no-verify')
        return 'no-verify';
    if (ssl !== undefined)
        return ssl === 'false' || ssl === '0' ? 'disable' : 'verify-full';
    return negotiation === 'direct' ? 'require' : undefined;
}
function malformed(what) {
    return new errors/* ComebackError */.U$('usage', `The database URL ${what}.`, {
        hint: 'It reads postgresql://user:password@host:port/database. Characters such as @ : / ? # % in the password must be ' +
            'percent-encoded, @ as %40.',
    });
}

;// CONCATENATED MODULE: ./build/postgres/connection/server-error.js
/** What the server said, as a `ComebackError`: one place that knows SQLSTATE codes. */


/** Characters of context lines (`where` quotes whole rows) that a message repeats. */
const CONTEXT_LIMIT = 300;
/**
 * `what` says what was attempted on which object and begins the message: `Reading public.users` gives "Reading public.users
 * failed: …". A `ComebackError` passes through; anything that is no server's error becomes `connection` if a socket failed
 * and `failed` otherwise.
 */
function serverError(error, what) {
    if (error instanceof errors/* ComebackError */.U$)
        return error;
    if (error instanceof esm/* default.DatabaseError */.Ay.DatabaseError)
        return fromFields(error, what, error);
    const message = error instanceof Error ? error.message : String(error);
    if (isConnectionLoss(error)) {
        return new errors/* ComebackError */.U$('connection', `${what} failed: the connection to the server was lost (${message}).`, {
            cause: error,
        });
    }
    return new errors/* ComebackError */.U$('failed', `${what} failed: ${message}`, { cause: error });
}
function fromFields(fields, what, cause) {
    const detail = fields.detail === undefined ? '' : ` (${trim(fields.detail)})`;
    const where = fields.where === undefined ? '' : `, at ${trim(fields.where)}`;
    const state = fields.code === undefined ? '' : ` [${fields.code}]`;
    const hint = hintFor(fields);
    return new errors/* ComebackError */.U$(codeFor(fields.code), `${what} failed: ${trim(fields.message)}${detail}${where}${state}`, {
        hint,
        ...(cause === undefined ? {} : { cause }),
    });
}
/** Whether the server or the network ended the connection: another attempt on a new one may succeed. */
function isConnectionLoss(error) {
    if (error instanceof errors/* ComebackError */.U$)
        return error.code === 'connection';
    if (!(error instanceof Error))
        return false;
    const code = 'code' in error ? String(error.code) : '';
    if (error instanceof esm/* default.DatabaseError */.Ay.DatabaseError)
        return /^(08|57P0[1235])/.test(code);
    return (['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'ENETDOWN', 'ENETRESET', 'EHOSTUNREACH'].includes(code) ||
        // pg throws plain errors with nothing but these texts.
        /^Connection terminated|is not queryable$|^timeout expired$/.test(error.message));
}
function codeFor(state) {
    if (state === undefined)
        return 'server-error';
    if (state === '28P01' || state === '28000')
        return 'authentication';
    if (state === '42501')
        return 'permission';
    if (/^08|^57P0|^53300$|^3D000$/.test(state))
        return 'connection';
    if (state === '55P03')
        return 'timeout';
    if (state === '0A000')
        return 'unsupported';
    return 'server-error';
}
function hintFor({ code, hint }) {
    if (code === '55P03')
        return 'Something holds a lock on the table, such as a running migration. Try again when it is done.';
    if (code === '57014')
        return 'The statement was cancelled: by a person, or by a statement_timeout that the server enforces.';
    if (code === '53100')
        return 'The disk of the server is full.';
    return hint;
}
function trim(text) {
    return text.length <= CONTEXT_LIMIT ? text : `${text.slice(0, CONTEXT_LIMIT)}…`;
}

;// CONCATENATED MODULE: ./build/postgres/connection/tls.js
/**
 * `sslmode` with libpq's meaning, so that a URL that works with psql works here: `require` encrypts without checking who
 * answers unless a root certificate is given, `verify-full` checks. (pg 8 takes `require` for `verify-full`, which refuses
 * Supabase and RDS, whose authorities are their own.)
 */




const never = () => false;
/** What to try, in order. More than one only for `prefer` and `allow`. */
async function tlsAttempts(target) {
    if (target.sslMode === 'disable' || isSocket(target))
        return [{ ssl: false, otherwise: never }];
    const options = await tlsOptions(target);
    // Channel binding binds to the TLS channel.
    if (target.channelBinding)
        return [{ ssl: options, otherwise: never }];
    const plainFirst = target.sslMode === 'allow' || (!target.sslModeGiven && isLoopback(target.host));
    if (plainFirst) {
        return [
            { ssl: false, otherwise: wantsTls },
            { ssl: options, otherwise: never },
        ];
    }
    if (target.sslMode !== 'prefer')
        return [{ ssl: options, otherwise: never }];
    return [
        { ssl: options, otherwise: knowsNoTls },
        { ssl: false, otherwise: never },
    ];
}
/** pg throws a plain Error with this text when the server answers a TLS request with N. */
function knowsNoTls(error) {
    return error instanceof Error && error.message === 'The server does not support SSL connections';
}
async function tlsOptions(target) {
    const root = target.sslRootCert === 'system' ? undefined : target.sslRootCert;
    const files = {
        ...(root === undefined ? {} : { ca: await pem(root) }),
        ...(target.sslCert === undefined ? {} : { cert: await pem(target.sslCert) }),
        ...(target.sslKey === undefined ? {} : { key: await pem(target.sslKey) }),
    };
    if (target.sslMode === 'verify-full' || target.sslRootCert === 'system')
        return files;
    if (target.sslMode === 'verify-ca' || (target.sslMode === 'require' && root !== undefined)) {
        // The authority is checked, the name is not.
        return { ...files, checkServerIdentity: () => undefined };
    }
    return { ...files, rejectUnauthorized: false };
}
async function pem(path) {
    try {
        return await (0,promises_.readFile)(path, 'utf8');
    }
    catch (error) {
        throw new errors/* ComebackError */.U$('usage', `The certificate file ${path} that the database URL names cannot be read.`, {
            cause: error,
        });
    }
}
function wantsTls(error) {
    return error instanceof esm/* default.DatabaseError */.Ay.DatabaseError && error.code === '28000';
}
function isLoopback(host) {
    return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

;// CONCATENATED MODULE: ./build/postgres/connection/connect-error.js
/** Why no connection came about, in a person's words, and whether waiting helps. */





/**
 * Milliseconds during which a refused port is tried again. A server that starts beside us refuses for a moment, but most
 * refusals are a wrong port, and nobody should wait long to hear of it.
 */
const REFUSED_PATIENCE = 3_000;
/** Starting up, shutting down for a restart, too many clients, and (XX000) a Neon compute node that sleeps still. */
const WAKING_STATES = ['57P03', '57P02', '57P01', '53300', 'XX000', '08006', '08001', '08004'];
const WAKING_SOCKETS = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ECONNABORTED'];
function isWaking(error, elapsed) {
    if (error instanceof errors/* ComebackError */.U$ || !(error instanceof Error))
        return false;
    const code = codeOf(error);
    if (error instanceof esm/* default.DatabaseError */.Ay.DatabaseError)
        return WAKING_STATES.includes(code);
    if (code === 'ECONNREFUSED')
        return elapsed < REFUSED_PATIENCE;
    return WAKING_SOCKETS.includes(code) || /^Connection terminated|^timeout expired$/.test(error.message);
}
/** `timeout`: milliseconds that all attempts had. */
function connectError(error, target, timeout) {
    if (error instanceof errors/* ComebackError */.U$)
        return error;
    const where = describeTarget(target);
    const fail = (code, message, hint) => new errors/* ComebackError */.U$(code, message, { cause: error, hint });
    if (error instanceof esm/* default.DatabaseError */.Ay.DatabaseError)
        return refusal(error, target, fail);
    const code = codeOf(error);
    const message = error instanceof Error ? error.message : String(error);
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
        return fail('connection', `The host of ${where} has no address.`, 'Check the host name in the database URL, and that this machine can resolve names.');
    }
    if (code === 'ECONNREFUSED' || code === 'ENOENT') {
        return fail('connection', `Nothing listens at ${where}.`, isSocket(target)
            ? 'Check that the server runs and that the folder is its unix_socket_directories.'
            : 'Check the port, that the server runs, and that it listens on this address. In a job, a service container is at localhost and its mapped port.');
    }
    if (code === 'ENETUNREACH' || code === 'EHOSTUNREACH' || code === 'EADDRNOTAVAIL') {
        return fail('connection', `No network route leads to ${where}.`, 'If the host has an IPv6 address only, as db.….supabase.co has, and this machine speaks IPv4 only, as GitHub-hosted ' +
            'runners do, use the session pooler: host ….pooler.supabase.com, port 5432.');
    }
    if (knowsNoTls(error)) {
        return fail('connection', `${where} speaks no TLS, and the URL demands it (sslmode=${target.sslMode}).`, 'Turn TLS on at the server, or write sslmode=disable if the network between is yours alone.');
    }
    if (isTlsError(code, message)) {
        return fail('connection', `TLS with ${where} failed: ${message}.`, target.sslMode === 'verify-full' || target.sslMode === 'verify-ca' || target.sslRootCert !== undefined
            ? 'The certificate was not accepted. Give the authority as sslrootcert=PATH, or use sslmode=require, which encrypts without checking it.'
            : 'Check that the port is a PostgreSQL port, and the sslmode in the URL.');
    }
    if (message === 'timeout expired' || code === 'ETIMEDOUT') {
        return fail('connection', `${where} did not answer within ${Math.ceil(timeout / 1000)} s.`, 'A firewall or an address allow-list may drop the packets; a sleeping provider may need a longer --connect-timeout.');
    }
    return fail('connection', `Connecting to ${where} failed: ${message}`);
}
function refusal(error, target, fail) {
    const where = describeTarget(target);
    const host = where.slice(0, where.length - target.database.length - 1);
    switch (error.code) {
        case '28P01':
            return fail('authentication', `${host} refused the password of role "${target.user}".`, 'Check the user and the password in the database URL. Special characters in it must be percent-encoded.');
        case '28000':
            return fail('authentication', `${where} refused role "${target.user}": ${error.message}`, /no encryption|SSL off/.test(error.message)
                ? 'The server demands TLS: add sslmode=require to the URL.'
                : undefined);
        case '3D000':
            return fail('connection', `There is no database "${target.database}" on ${host}.`, 'Check the name at the end of the database URL; capitals count.');
        case '53300':
            return fail('connection', `${where} has no connection left: ${error.message}`, 'Run the backup when fewer clients are connected, with fewer --lanes, or raise max_connections.');
        default:
            return serverError(error, `Connecting to ${where}`);
    }
}
/** Node tries all addresses of a host and throws an AggregateError; its first one speaks for all. */
function codeOf(error) {
    if (!(error instanceof Error))
        return '';
    if ('code' in error && typeof error.code === 'string')
        return error.code;
    return error instanceof AggregateError ? codeOf(error.errors[0]) : '';
}
function isTlsError(code, message) {
    return (/^ERR_(TLS|SSL|OSSL)|^EPROTO$|CERT|SELF_SIGNED|UNABLE_TO_/.test(code) ||
        message === 'There was an error establishing an SSL connection' ||
        /socket disconnected before secure TLS/.test(message));
}

;// CONCATENATED MODULE: ./build/postgres/connection/pg-internals.js
function internals(client) {
    return client;
}

;// CONCATENATED MODULE: ./build/postgres/connection/connection.js
/**
 * A thin thing over one pg.Client: it connects patiently, answers an abort at once, and says in a person's words why it
 * could not connect.
 */








/** Milliseconds of silence before the kernel asks whether the peer is still there. */
const KEEPALIVE_DELAY = 30_000;
/** Milliseconds that one attempt may take, so that a lost packet does not eat the whole time. */
const ATTEMPT_LIMIT = 15_000;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 4_000;
/** Milliseconds that a polite goodbye may take. */
const GOODBYE_LIMIT = 2_000;
/**
 * Connects, again and again within the time given while the server wakes up. Throws `usage`, `connection`,
 * `authentication` or `permission`, naming `host:port/database` and never the password.
 */
async function connect(options) {
    const target = parseDatabaseUrl(options.url);
    const deadline = Date.now() + options.connectTimeout;
    let pause = FIRST_PAUSE;
    for (const started = Date.now();;) {
        options.signal.throwIfAborted();
        try {
            return await connectOnce(options, target, deadline);
        }
        catch (error) {
            options.signal.throwIfAborted();
            const wait = pause * (0.5 + Math.random() / 2);
            if (!isWaking(error, Date.now() + wait - started) || Date.now() + wait >= deadline) {
                throw connectError(error, target, options.connectTimeout);
            }
            await (0,external_node_timers_promises_.setTimeout)(wait, undefined, { signal: options.signal }).catch(() => options.signal.throwIfAborted());
            pause = Math.min(pause * 2, LONGEST_PAUSE);
        }
    }
}
async function connectOnce(options, target, deadline) {
    const attempts = await tlsAttempts(target);
    for (;;) {
        const attempt = attempts.shift();
        if (attempt === undefined)
            throw new errors/* ComebackError */.U$('connection', `No way to connect to ${describeTarget(target)}.`);
        const client = createClient(options, target, attempt.ssl, Math.min(deadline - Date.now(), ATTEMPT_LIMIT));
        try {
            return await connection_open(client, options, target);
        }
        catch (error) {
            if (attempts.length === 0 || !attempt.otherwise(error))
                throw error;
        }
    }
}
function createClient(options, target, ssl, timeout) {
    let offersBinding = false;
    const client = new esm/* default.Client */.Ay.Client({
        host: target.host,
        port: target.port,
        database: target.database,
        user: target.user,
        // A function, so that pg asks neither PGPASSWORD nor a .pgpass file.
        password: () => {
            if (target.channelBinding && !offersBinding) {
                throw new errors/* ComebackError */.U$('authentication', `${describeTarget(target)} offers no channel binding.`, {
                    hint: 'The URL says channel_binding=require. Ask the server for scram-sha-256 over TLS, or drop the parameter.',
                });
            }
            if (target.password !== undefined)
                return target.password;
            throw new errors/* ComebackError */.U$('authentication', `${describeTarget(target)} asks for a password, the URL has none.`);
        },
        ssl,
        enableChannelBinding: target.channelBinding,
        application_name: options.applicationName ?? target.applicationName ?? 'comeback',
        client_encoding: 'UTF8',
        sslnegotiation: 'postgres',
        keepAlive: true,
        keepAliveInitialDelayMillis: KEEPALIVE_DELAY,
        connectionTimeoutMillis: Math.max(timeout, 1),
    });
    // Of what pg takes from the environment, PGOPTIONS, PGREPLICATION and PGBINARY cannot be overruled by its configuration.
    Object.assign(internals(client).connectionParameters, { options: target.options, replication: undefined });
    internals(client).binary = false;
    internals(client).connection.on('authenticationSASL', (message) => {
        offersBinding = message.mechanisms.includes('SCRAM-SHA-256-PLUS');
    });
    return client;
}
async function connection_open(client, options, target) {
    const { signal } = options;
    const hangUp = (reason) => internals(client).connection.stream.destroy(reason instanceof Error ? reason : undefined);
    const onAbort = () => hangUp(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    // Without a listener, a connection that dies while idle would end the process. The next query tells.
    client.on('error', () => { });
    try {
        await client.connect();
        const serverVersion = await greet(client, options.settings ?? {});
        signal.throwIfAborted();
        return connectionOver(client, target, serverVersion, signal, onAbort);
    }
    catch (error) {
        signal.removeEventListener('abort', onAbort);
        hangUp();
        throw error;
    }
}
/** Makes the settings and asks for the version, in one round trip. */
async function greet(client, settings) {
    const result = await client.query(`SELECT pg_catalog.current_setting('server_version_num')::int AS version,
            (SELECT count(pg_catalog.set_config(name, value, false)) FROM unnest($1::text[], $2::text[]) AS s(name, value))`, [Object.keys(settings), Object.values(settings)]);
    return result.rows[0]?.version ?? 0;
}
function connectionOver(client, target, serverVersion, signal, onAbort) {
    const description = describeTarget(target);
    let closing;
    const close = () => {
        signal.removeEventListener('abort', onAbort);
        closing ??= goodbye(client);
        return closing;
    };
    return {
        client,
        serverVersion,
        description,
        async query(sql, values) {
            signal.throwIfAborted();
            try {
                const result = await client.query(sql, values === undefined ? undefined : [...values]);
                return result.rows;
            }
            catch (error) {
                signal.throwIfAborted();
                throw error instanceof esm/* default.DatabaseError */.Ay.DatabaseError ? error : serverError(error, `A query on ${description}`);
            }
        },
        close,
        [Symbol.asyncDispose]: close,
    };
}
async function goodbye(client) {
    const { stream } = internals(client).connection;
    const timer = setTimeout(() => stream.destroy(), GOODBYE_LIMIT);
    if (!stream.destroyed)
        await client.end();
    clearTimeout(timer);
    stream.destroy();
}

;// CONCATENATED MODULE: ./build/postgres/connection/sql-state.js
/** SQLSTATE codes by which the reading of a database decides what to do next. */

/** Of a server's error, or of the one that a `ComebackError` was made from; empty for anything else. */
function sqlStateOf(error) {
    if (error instanceof errors/* ComebackError */.U$)
        return sqlStateOf(error.cause);
    return error instanceof Error && 'code' in error ? String(error.code) : '';
}
function isLockTimeout(error) {
    return sqlStateOf(error) === '55P03';
}
/** The server, the database or the role has as many connections as it may have. */
function isFull(error) {
    return sqlStateOf(error) === '53300';
}
/** A table or a schema is not there. */
function isUndefinedRelation(error) {
    return ['42P01', '3F000'].includes(sqlStateOf(error));
}

;// CONCATENATED MODULE: ./build/postgres/dump/exclusion.js
/**
 * Patterns of `--exclude-table-data`, as pg_dump reads them: `table`, `schema.table`, `*`, `?`, folded to lower case
 * unless quoted. Without a schema only tables on the role's search path match. Unlike pg_dump's, a pattern that names a
 * partitioned table stands for all of its partitions.
 */

/** Throws `usage` on a quote that is never closed or on more parts than schema and table. */
function parseExclusion(pattern) {
    const parts = [''];
    let isQuoted = false;
    for (let at = 0; at < pattern.length; at++) {
        const character = pattern.charAt(at);
        if (character === '"' && isQuoted && pattern[at + 1] === '"') {
            at++;
            exclusion_append(parts, '"');
        }
        else if (character === '"')
            isQuoted = !isQuoted;
        else if (isQuoted)
            exclusion_append(parts, literal(character));
        else if (character === '.')
            parts.push('');
        else if (character === '*')
            exclusion_append(parts, '.*');
        else if (character === '?')
            exclusion_append(parts, '.');
        else
            exclusion_append(parts, literal(character.toLowerCase()));
    }
    if (isQuoted || parts.length > 2 || parts.includes('')) {
        throw new errors/* ComebackError */.U$('usage', `The pattern ${pattern} names no table.`, {
            hint: 'Write table or schema.table; * and ? stand for any characters, double quotes keep capitals and dots.',
        });
    }
    const [name, schema] = parts.toReversed().map(part => new RegExp(`^${part}$`, 's'));
    return {
        pattern,
        matches: table => (schema === undefined ? table.visible : schema.test(table.schema)) && name !== undefined && name.test(table.name),
    };
}
/** Oids of the tables that match, and of all partitions below them. */
function excludedOids(tables, exclusions) {
    const matched = new Set(tables.filter(table => exclusions.some(one => one.matches(table))).map(table => table.oid));
    return new Set(tables.filter(table => [table.oid, ...table.ancestors].some(oid => matched.has(oid))).map(table => table.oid));
}
function exclusion_append(parts, text) {
    parts.push(`${parts.pop() ?? ''}${text}`);
}
function literal(character) {
    return character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
}

;// CONCATENATED MODULE: ./build/postgres/connection/session.js
const TRANSACTION_TIMEOUT = 170_000;
/**
 * What pg_dump sets, and besides: `bytea_output`, on which the text of every bytea depends; no parallel plans, which return
 * rows in any order; no JIT, which compiles for longer than a range of pages takes to read.
 */
const SETTINGS = {
    DateStyle: 'ISO',
    IntervalStyle: 'postgres',
    extra_float_digits: '3',
    bytea_output: 'hex',
    TimeZone: 'UTC',
    synchronize_seqscans: 'off',
    row_security: 'off',
    search_path: '',
    standard_conforming_strings: 'on',
    quote_all_identifiers: 'off',
    statement_timeout: '0',
    idle_in_transaction_session_timeout: '0',
    max_parallel_workers_per_gather: '0',
    enable_tidscan: 'on',
    jit: 'off',
};
/** For sessions that read. `lockTimeout` in milliseconds. */
async function prepareSession(connection, encoding, lockTimeout) {
    const settings = {
        ...SETTINGS,
        client_encoding: encoding,
        lock_timeout: `${lockTimeout}`,
        ...(connection.serverVersion >= TRANSACTION_TIMEOUT ? { transaction_timeout: '0' } : {}),
    };
    await connection.query(`SELECT pg_catalog.set_config(name, value, false)
       FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS s(name, value)`, [Object.keys(settings), Object.values(settings)]);
    // So that the server notices that we are gone even while it waits or computes. Not every platform can, and the others refuse.
    await connection.query(`SELECT pg_catalog.set_config('client_connection_check_interval', '5s', false) WHERE pg_catalog.version() ~ 'linux'`);
}
/** Text travels as UTF-8, but out of a server that does not know what its bytes mean, as they are. */
async function readingEncoding(connection) {
    const [row] = await connection.query('SHOW server_encoding');
    return row?.server_encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8';
}
const BEGIN_READING = 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY';

;// CONCATENATED MODULE: ./build/postgres/dump/copy-out.js

/** Bytes of each buffer that is handed out; the last one is shorter. They are used again and again: garbage of this size piles up. */
const BUFFER_SIZE = 256 * sizes/* KiB */.ty;
/** Full buffers that may wait for the consumer before the socket is paused. */
const READ_AHEAD = 2;
const copy_out_HEADER = 5;
const COPY_DATA = 0x64;
const COPY_OUT_RESPONSE = 0x48;
/** Messages that a server may send at any time: notice, parameter status, notification. */
const ASYNCHRONOUS = [0x4e, 0x53, 0x41];
const COPY_DONE = 0x63;
/** Resolves when the server has begun to answer; rejects with pg's `DatabaseError` if it refuses, before any bytes. */
async function copyOut(client, sql) {
    const reader = new CopyReader(sql);
    client.query(reader);
    await reader.begun;
    return { bytes: reader.read(), rows: () => reader.rows };
}
/** One COPY, as pg's Client wants a query to be. */
class CopyReader {
    begun;
    rows = 0;
    #sql;
    #begin;
    #stream;
    #parse;
    /** A header cut in two by the end of the socket's buffer. */
    #partial = Buffer.alloc(0);
    /** Bytes of the current message that are still to come, and whether they are a row's. */
    #left = 0;
    #isData = false;
    #full = [];
    #filling = Buffer.alloc(0);
    #free = [];
    #filled = 0;
    #state = 'running';
    #error;
    #wake;
    constructor(sql) {
        this.#sql = sql;
        this.#begin = Promise.withResolvers();
        this.begun = this.#begin.promise;
    }
    submit(connection) {
        const { stream } = connection;
        const [parse] = stream.listeners('data');
        this.#stream = stream;
        this.#parse = parse;
        stream.removeListener('data', this.#parse);
        stream.on('data', this.#onData);
        connection.query(this.#sql);
    }
    /** Called by pg for the server's refusal and for a lost connection alike. */
    handleError(error) {
        this.#handBack();
        this.#settle('failed', error);
    }
    handleCommandComplete(message) {
        this.rows = Number(/^COPY (\d+)$/.exec(message.text)?.[1] ?? 0);
    }
    handleReadyForQuery() {
        this.#settle('ended');
    }
    async *read() {
        try {
            for (;;) {
                const full = this.#full.shift();
                if (full !== undefined) {
                    if (this.#full.length < READ_AHEAD)
                        this.#stream?.resume();
                    yield full.buffer.subarray(0, full.length);
                    this.#free.push(full.buffer);
                }
                else if (this.#state === 'failed') {
                    throw this.#error;
                }
                else if (this.#state === 'ended') {
                    return;
                }
                else {
                    await new Promise(resolve => {
                        this.#wake = resolve;
                    });
                }
            }
        }
        finally {
            // Whoever stops early leaves rows on the wire that nobody will read.
            if (this.#state === 'running')
                this.#stream?.destroy();
        }
    }
    #onData = (data) => {
        let bytes = data;
        if (this.#partial.length > 0) {
            bytes = Buffer.concat([this.#partial, data]);
            this.#partial = Buffer.alloc(0);
        }
        let at = 0;
        let kept = 0;
        for (;;) {
            const part = Math.min(this.#left, bytes.length - at);
            if (this.#isData) {
                if (kept !== at)
                    bytes.copyWithin(kept, at, at + part);
                kept += part;
            }
            at += part;
            this.#left -= part;
            if (bytes.length - at < copy_out_HEADER)
                break;
            const type = bytes[at];
            if (type === COPY_DATA) {
                this.#isData = true;
            }
            else if (type === COPY_OUT_RESPONSE || (type !== undefined && ASYNCHRONOUS.includes(type))) {
                this.#isData = false;
                if (type === COPY_OUT_RESPONSE)
                    this.#begin.resolve();
            }
            else {
                this.#gather(bytes.subarray(0, kept));
                this.#flush();
                this.#handBack();
                this.#parse?.(bytes.subarray(type === COPY_DONE ? at + copy_out_HEADER : at));
                return;
            }
            this.#left = bytes.readUInt32BE(at + 1) - (copy_out_HEADER - 1);
            at += copy_out_HEADER;
            if (this.#left < 0) {
                this.#stream?.destroy(new Error('Connection terminated: a message of impossible length'));
                return;
            }
        }
        if (at < bytes.length)
            this.#partial = Buffer.from(bytes.subarray(at));
        this.#gather(bytes.subarray(0, kept));
        if (this.#full.length >= READ_AHEAD)
            this.#stream?.pause();
    };
    #gather(bytes) {
        for (let at = 0; at < bytes.length;) {
            if (this.#filled === this.#filling.length) {
                this.#flush();
                this.#filling = this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_SIZE);
            }
            const part = bytes.copy(this.#filling, this.#filled, at);
            this.#filled += part;
            at += part;
        }
    }
    #flush() {
        if (this.#filled > 0)
            this.#full.push({ buffer: this.#filling, length: this.#filled });
        this.#filling = Buffer.alloc(0);
        this.#filled = 0;
        this.#wake?.();
    }
    #handBack() {
        const stream = this.#stream;
        if (stream === undefined || this.#parse === undefined)
            return;
        if (!stream.listeners('data').includes(this.#onData))
            return;
        stream.removeListener('data', this.#onData);
        stream.on('data', this.#parse);
        // pg's parser must see the rest, however slow the consumer of the rows is.
        stream.resume();
    }
    #settle(state, error) {
        if (this.#state !== 'running')
            return;
        this.#state = state;
        this.#error = error;
        if (state === 'ended')
            this.#begin.resolve();
        else
            this.#begin.reject(error);
        // Nobody may be waiting for the beginning any more; the error then comes out of `read`.
        this.#begin.promise.catch(() => { });
        this.#wake?.();
    }
}

;// CONCATENATED MODULE: ./build/postgres/dump/lanes.js
var lanes_addDisposableResource = (undefined && undefined.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var lanes_disposeResources = (undefined && undefined.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});






/** How often one reading is begun before its losses of connection are believed. */
const ATTEMPTS = 5;
/** Milliseconds that a lane waits for a lock that the leader has already. */
const LOCK_TIMEOUT = 2_000;
/** More would not sort before `99-schema`, and no server wants them. */
const MOST_LANES = 32;
/** What the server says to the identifier of a snapshot whose owner has left. */
const SNAPSHOT_GONE = ['22023', '42704', '55000'];
/** Reads all runs, those of one run one after the other in one lane. One lane suffices if the server has no more room. */
async function readInLanes(runs, options) {
    const queue = [...runs];
    const rows = {};
    const refusals = [];
    const lane = async (number) => {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const session = lanes_addDisposableResource(env_1, new LaneSession(options), true);
            try {
                await session.connection();
            }
            catch (error) {
                if (!isFull(error))
                    throw error;
                refusals.push(error);
                return;
            }
            const group = `${String(number).padStart(2, '0')}-data`;
            for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
                for (const reading of run)
                    rows[reading.name] = await readOne(reading, group, session, options);
            }
        }
        catch (e_1) {
            env_1.error = e_1;
            env_1.hasError = true;
        }
        finally {
            const result_1 = lanes_disposeResources(env_1);
            if (result_1)
                await result_1;
        }
    };
    const count = Math.min(options.count, runs.length, MOST_LANES);
    await Promise.all(Array.from({ length: count }, (_, index) => lane(index + 1)));
    if (count > 0 && refusals.length === count)
        throw refusals[0];
    return { rows, missing: refusals.length };
}
async function readOne(reading, group, session, { snapshot, out }) {
    for (let attempt = 1;; attempt++) {
        const failure = { error: undefined };
        try {
            const connection = await session.connection();
            return await transfer(reading, group, connection, out, failure);
        }
        catch (error) {
            // What the writer throws is none of ours, and reading again would not help.
            if (failure.error === undefined)
                throw error;
            if (isLockTimeout(failure.error)) {
                await session.close();
                return await readByLeader(reading, group, snapshot, out);
            }
            if (attempt === ATTEMPTS || !isConnectionLoss(failure.error)) {
                throw serverError(failure.error, `Reading ${reading.name}`);
            }
            await session.close();
        }
    }
}
async function readByLeader(reading, group, snapshot, out) {
    const failure = { error: undefined };
    try {
        return await snapshot.exclusive(leader => transfer(reading, group, leader, out, failure));
    }
    catch (error) {
        throw failure.error === undefined ? error : serverError(failure.error, `Reading ${reading.name}`);
    }
}
/** Begins the segment only when the server has begun to answer: refusals leave no trace in the backup. */
async function transfer({ name, detail, before, queries, after }, group, connection, out, failure) {
    const noting = async (work) => {
        try {
            return await work();
        }
        catch (error) {
            failure.error = error;
            throw error;
        }
    };
    const [firstQuery, ...others] = queries;
    if (firstQuery === undefined)
        return 0;
    const first = await noting(() => copyOut(connection.client, firstQuery));
    let rows = 0;
    async function* bytes() {
        if (before !== '')
            yield Buffer.from(before);
        let copy = first;
        for (const query of [undefined, ...others]) {
            if (query !== undefined)
                copy = await noting(() => copyOut(connection.client, query));
            try {
                for (;;) {
                    const next = await noting(() => copy.bytes.next());
                    if (next.done === true)
                        break;
                    yield next.value;
                }
            }
            finally {
                await copy.bytes.return();
            }
            rows += copy.rows();
        }
        if (after !== '')
            yield Buffer.from(after);
    }
    await out.segment({ name, group, detail }, bytes());
    return rows;
}
/** A connection in a transaction on the snapshot, opened when it is needed. */
class LaneSession {
    #options;
    #connection;
    constructor(options) {
        this.#options = options;
    }
    async connection() {
        this.#connection ??= await openLane(this.#options);
        return this.#connection;
    }
    async close() {
        const connection = this.#connection;
        this.#connection = undefined;
        await connection?.close();
    }
    async [Symbol.asyncDispose]() {
        await this.close();
    }
}
async function openLane({ connect: options, snapshot }) {
    const connection = await connect(options);
    try {
        await prepareSession(connection, snapshot.encoding, LOCK_TIMEOUT);
        await connection.query(BEGIN_READING);
        await connection.query(`SET TRANSACTION SNAPSHOT '${snapshot.id}'`);
        return connection;
    }
    catch (error) {
        await connection.close();
        const what = `Joining the snapshot of ${connection.description}`;
        if (!SNAPSHOT_GONE.includes(sqlStateOf(error)))
            throw serverError(error, what);
        // The leader is gone, even if we have not heard of it yet.
        throw new errors/* ComebackError */.U$('connection', `${what} failed: it is not there any more.`, { cause: error });
    }
}

;// CONCATENATED MODULE: ./build/postgres/dump/large-objects.js
/**
 * Large objects as SQL. The server writes the statements itself, and a COPY streams them, so that an object of many gigabytes
 * passes in bounded memory and thousands of small ones cost nothing here.
 *
 * One statement a line: `lo_from_bytea` makes the object from its first part, `lo_put` adds the others, then come
 * owner, privileges and comment. The lines leave as CSV whose quote and delimiter are control characters: the one format of
 * COPY that leaves a line alone, where text format would double its backslashes.
 */

/** Bytes of an object in one statement; twice that as hexadecimal digits. */
const PART_SIZE = 256 * sizes/* KiB */.ty;
/** Bytes of the objects that are read together, and what each of them counts for beside its bytes. */
const BATCH_SIZE = 64 * sizes/* MiB */.lv;
const OBJECT_OVERHEAD = 1 * sizes/* KiB */.ty;
/** INV_READ */
const FOR_READING = 262_144;
const SEEK_END = 2;
/**
 * All large objects in batches. Asks every object for its size, and so fails with pg's `DatabaseError` 42501 where one may
 * not be read.
 */
async function listLargeObjects(connection) {
    const rows = await connection.query(`
    SELECT min(oid)::text AS first, max(oid)::text AS last, sum(size) AS bytes
      FROM (SELECT oid, size, pg_catalog.div(sum(size + ${OBJECT_OVERHEAD}) OVER (ORDER BY oid), ${BATCH_SIZE}) AS batch
              FROM (${large_objects_sizes('true')}) s) b
     GROUP BY batch ORDER BY batch`);
    return rows.map(({ first, last, bytes }) => ({ first, last, bytes: 2 * Number(bytes) }));
}
function largeObjectsName({ first, last }) {
    return first === last ? `large object ${first}` : `large objects ${first}-${last}`;
}
/** Two COPY commands whose outputs, one after the other, are the script. */
function largeObjectQueries({ first, last }) {
    const range = `BETWEEN ${BigInt(first)} AND ${BigInt(last)}`;
    return [
        script(`
      SELECT CASE WHEN at = 0 THEN 'SELECT pg_catalog.lo_from_bytea(' || oid ELSE 'SELECT pg_catalog.lo_put(' || oid || ', ' || at END
             || ', ''' || pg_catalog.lo_get(oid, at, ${PART_SIZE})::text || ''');'
        FROM (${large_objects_sizes(`oid ${range}`)}) s,
             LATERAL pg_catalog.generate_series(0, greatest(size - 1, 0), ${PART_SIZE}) at`),
        script(`
      SELECT line FROM pg_catalog.pg_largeobject_metadata l, LATERAL (${PROPERTIES}) p
       WHERE l.oid ${range} ORDER BY l.oid, step, line`),
    ];
}
function script(query) {
    return `COPY (${query}) TO STDOUT WITH (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')`;
}
/**
 * An object's size is known only to whoever opens it: pg_largeobject itself is the superuser's. Closed again at once, since
 * a transaction has to remember what it has open.
 */
function large_objects_sizes(condition) {
    return `
    SELECT oid, size FROM (
      SELECT oid, pg_catalog.lo_lseek64(fd, 0, ${SEEK_END}) AS size, pg_catalog.lo_close(fd) AS closed
        FROM (SELECT oid, pg_catalog.lo_open(oid, ${FOR_READING}) AS fd FROM pg_catalog.pg_largeobject_metadata
               WHERE ${condition} ORDER BY oid OFFSET 0) o
      OFFSET 0) o`;
}
/** What may not stand in a line, or means something to COPY, as an escape of `E''`. The backslash comes first. */
const ESCAPES = [
    [String.raw `E'\\'`, String.raw `E'\\\\'`],
    [`''''`, `''''''`],
    [String.raw `E'\n'`, String.raw `E'\\n'`],
    [String.raw `E'\r'`, String.raw `E'\\r'`],
    [String.raw `E'\x01'`, String.raw `E'\\x01'`],
    [String.raw `E'\x02'`, String.raw `E'\\x02'`],
];
function large_objects_literal(expression) {
    const escaped = ESCAPES.reduce((text, [from, to]) => `pg_catalog.replace(${text}, ${from}, ${to})`, expression);
    return `'E''' || ${escaped} || ''''`;
}
const OWNER = 'pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(l.lomowner))';
const GRANTEE = `CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END`;
/** Of the object `l`. Privileges are told as pg_dump does, by what differs from the owner having both. */
const PROPERTIES = `
  SELECT 1 AS step, 'ALTER LARGE OBJECT ' || l.oid || ' OWNER TO ' || ${OWNER} || ';' AS line
  UNION ALL
  SELECT 2, 'REVOKE ALL ON LARGE OBJECT ' || l.oid || ' FROM ' || ${OWNER} || ';'
   WHERE l.lomacl IS NOT NULL
     AND (SELECT count(DISTINCT privilege_type) FROM pg_catalog.aclexplode(l.lomacl) WHERE grantee = l.lomowner) < 2
  UNION ALL
  SELECT 3, 'GRANT ' || privileges || ' ON LARGE OBJECT ' || l.oid || ' TO ' || ${GRANTEE}
            || CASE WHEN is_grantable THEN ' WITH GRANT OPTION;' ELSE ';' END
    FROM (SELECT grantee, is_grantable, pg_catalog.string_agg(DISTINCT privilege_type, ',' ORDER BY privilege_type) AS privileges
            FROM pg_catalog.aclexplode(l.lomacl) GROUP BY grantee, is_grantable) a
   WHERE grantee <> l.lomowner OR privileges <> 'SELECT,UPDATE'
  UNION ALL
  SELECT 4, 'COMMENT ON LARGE OBJECT ' || l.oid || ' IS ' || ${large_objects_literal('d.description')} || ';'
    FROM pg_catalog.pg_description d
   WHERE d.classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass AND d.objoid = l.oid AND d.objsubid = 0
  UNION ALL
  SELECT 5, 'SECURITY LABEL FOR ' || pg_catalog.quote_ident(s.provider) || ' ON LARGE OBJECT ' || l.oid
            || ' IS ' || ${large_objects_literal('s.label')} || ';'
    FROM pg_catalog.pg_seclabel s
   WHERE s.classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass AND s.objoid = l.oid AND s.objsubid = 0`;

;// CONCATENATED MODULE: ./build/postgres/sql-text.js
/** Names and strings inside SQL and inside sentences. */

/** For SQL. Always quoted: what is a keyword differs between the server read and the one restored to. */
function qualified({ schema, name }) {
    return `${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(schema)}.${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name)}`;
}
/** `public.users` for people, on one line and never the same for two relations. */
function displayName({ schema, name }) {
    const part = (text) => (/^[a-z_][a-z0-9_$]*$/.test(text) ? text : JSON.stringify(text));
    return `${part(schema)}.${part(name)}`;
}
/** A string literal without line breaks, for scripts that hold one statement a line. */
function lineLiteral(text) {
    const quoted = text.replaceAll("'", "''");
    if (!/[\\\n\r]/.test(quoted))
        return `'${quoted}'`;
    return `E'${quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}

;// CONCATENATED MODULE: ./build/postgres/dump/plan.js
/**
 * What is read in which pieces and in which order: pure, from what the catalogue says or from an older backup's index.
 *
 * A big table is cut at fixed page numbers, so that the cuts stay where they are while it grows, and one huge table keeps
 * all lanes busy. 16,384 pages are 128 MiB: a table of 1 GB gives eight pieces, enough to keep four lanes level (the last one
 * ends a second or so after the others), one of 1 TB eight thousand, whose names and columns are still a small index.
 * A piece is also what is read again when a lane is lost.
 *
 * Pages do not count what lies in the TOAST table. Where that makes pages heavy, pieces have fewer: always a power of two, so
 * that a table which crosses a line keeps every other of its cuts.
 */



/** Heap pages of a piece, at most and at least. */
const RANGE_PAGES = 16_384;
const LEAST_RANGE_PAGES = 256;
/** Bytes of a piece, TOAST included, above which it gets fewer pages. */
const RANGE_BYTES = 256 * sizes/* MiB */.lv;
/**
 * Runs of pieces, each run for one lane, biggest tables first. Extensions' tables are one run in the order of their foreign
 * keys, which exist before the rows are loaded. Heaps without pages have no rows and no pieces.
 */
function planTables(tables) {
    const filled = tables.filter(table => table.pages !== 0).toSorted((a, b) => b.bytes - a.bytes || byName(a, b));
    const own = filled.filter(table => table.rows === 'own').flatMap(table => cut(table).map(piece => [piece]));
    const added = referencedFirst(filled.filter(table => table.rows === 'added')).flatMap(cut);
    return added.length === 0 ? own : [...own, added];
}
/** The same pieces again, from the segments of a backup. Conditions are not part of an index. */
function piecesOf(details) {
    return details.map(({ table, into, columns, rows, from, to }) => ({
        table,
        into,
        columns,
        rows,
        condition: null,
        from,
        to,
        bytes: 0,
    }));
}
function copyQuery({ table, columns, condition, from, to }) {
    const list = columns.map(esm/* default.escapeIdentifier */.Ay.escapeIdentifier).join(', ');
    const isWhole = from === 0 && to === null;
    // Without a list, COPY takes all columns but generated ones, of which there are none left here.
    if (isWhole && condition === null)
        return `COPY ${qualified(table)}${list === '' ? '' : ` (${list})`} TO STDOUT`;
    const where = isWhole
        ? (condition ?? '')
        : `WHERE ctid >= '(${from},0)'${to === null ? '' : ` AND ctid < '(${to},0)'`}`;
    return `COPY (SELECT ${list} FROM ONLY ${qualified(table)} ${where}) TO STDOUT`;
}
/** The line before the rows; after them comes `COPY_END`. */
function copyHeader({ into, columns }) {
    const list = columns.map(esm/* default.escapeIdentifier */.Ay.escapeIdentifier).join(', ');
    return `COPY ${qualified(into)}${list === '' ? '' : ` (${list})`} FROM stdin;\n`;
}
const COPY_END = '\\.\n\n';
/** `public.users`, `public.events [16384-32768)`: one line, and never the same for two pieces. */
function pieceName({ table, from, to }) {
    return from === 0 && to === null ? displayName(table) : `${displayName(table)} [${from}-${to ?? ''})`;
}
function cut(table) {
    const { schema, name, into, columns, rows, condition, pages, bytes } = table;
    const whole = { table: { schema, name }, into, columns, rows, condition, from: 0, to: null, bytes };
    const range = rangePages(table);
    if (pages === null || pages <= range || condition !== null)
        return [whole];
    const count = Math.ceil(pages / range);
    return Array.from({ length: count }, (_, index) => ({
        ...whole,
        from: index * range,
        // The last one is open: whatever the table has grown to by the time it is read belongs to it.
        to: index === count - 1 ? null : (index + 1) * range,
        bytes: bytes / count,
    }));
}
function rangePages({ pages, bytes }) {
    let range = RANGE_PAGES;
    const perPage = bytes / Math.max(pages ?? 1, 1);
    while (range > LEAST_RANGE_PAGES && range * perPage > RANGE_BYTES)
        range /= 2;
    return range;
}
/** Depth first; a cycle of foreign keys has no order, so it is entered where it is met. */
function referencedFirst(tables) {
    const byOid = new Map(tables.map(table => [table.oid, table]));
    const placed = new Set();
    const place = (table) => {
        if (placed.has(table))
            return;
        byOid.delete(table.oid);
        for (const oid of table.references) {
            const referenced = byOid.get(oid);
            if (referenced !== undefined)
                place(referenced);
        }
        placed.add(table);
    };
    for (const table of tables.toSorted(byName))
        place(table);
    return [...placed];
}
function byName(a, b) {
    return a.schema < b.schema ? -1 : a.schema > b.schema ? 1 : a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

;// CONCATENATED MODULE: ./build/postgres/connection/pooler.js
var pooler_addDisposableResource = (undefined && undefined.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var pooler_disposeResources = (undefined && undefined.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
/**
 * A transaction pooler gives each transaction to whichever server connection is free: an exported snapshot, session settings
 * and pg_dump's own session do not survive it, and worse, the settings leak into the application's sessions. A session pooler
 * (Supabase's on port 5432) is harmless.
 */


/** Supabase's transaction pooler. */
const SUPABASE_PORT = 6543;
/** Throws `unsupported`. `open` opens another connection to the same URL; without it, only the address tells. */
async function refuseTransactionPooler(connection, target, open) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const hint = hintFromAddress(target);
        if (hint !== undefined)
            throw pooler_refusal(connection, hint);
        if (open === undefined || !(await isPooled(connection)))
            return;
        const other = pooler_addDisposableResource(env_1, await open(), true);
        if (await sharesBackend(connection, other)) {
            throw pooler_refusal(connection, 'Use a direct connection, or a pooler in session mode.');
        }
    }
    catch (e_1) {
        env_1.error = e_1;
        env_1.hasError = true;
    }
    finally {
        const result_1 = pooler_disposeResources(env_1);
        if (result_1)
            await result_1;
    }
}
function hintFromAddress({ host, port, pgbouncer }) {
    const neon = /^([^.]+)-pooler(\..+)$/.exec(host);
    if (neon !== null)
        return `Use the unpooled host ${neon[1]}${neon[2]}.`;
    if (port === SUPABASE_PORT) {
        return 'Port 6543 is the transaction pooler of Supabase. Use its session pooler, port 5432 of the same host, or the direct connection.';
    }
    return pgbouncer ? 'The URL says pgbouncer=true. Use a direct connection, or a pooler in session mode.' : undefined;
}
/** A pooler makes up the process id that it greets with, since its cancel requests go to itself. */
async function isPooled(connection) {
    return (await backendOf(connection)) !== internals(connection.client).processID;
}
/** Two sessions that are both open never have the same backend, unless something lends it to them by turns. */
async function sharesBackend(one, other) {
    return (await backendOf(one)) === (await backendOf(other));
}
async function backendOf(connection) {
    const [row] = await connection.query('SELECT pg_catalog.pg_backend_pid() AS pid');
    return row?.pid;
}
function pooler_refusal({ description }, hint) {
    return new errors/* ComebackError */.U$('unsupported', `${description} is a transaction pooler, through which no backup can be taken.`, {
        hint,
    });
}

;// CONCATENATED MODULE: ./build/postgres/schema/sql-lexer.js
/**
 * The lexical rules of PostgreSQL's SQL (with standard_conforming_strings on), as far as they tell where a statement ends:
 * strings, quoted names, dollar quotes, comments, parentheses, and `BEGIN ATOMIC … END` bodies. It works on UTF-8 bytes,
 * in which no part of a longer character looks like one of the ASCII characters that matter here.
 */

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const DOLLAR = 0x24;
const APOSTROPHE = 0x27;
const OPEN = 0x28;
const CLOSE = 0x29;
const STAR = 0x2a;
const DASH = 0x2d;
const SLASH = 0x2f;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;
/** `CREATE OR REPLACE FUNCTION` */
const FIRST_WORDS = 4;
/** No word that matters is longer than `procedure`. */
const LONGEST_WORD = 9;
/**
 * The pieces in order. What follows the last semicolon is a statement if it is more than space and comments. Throws
 * `damaged` if the text ends inside a string, a name or a comment.
 */
function* pieces(sql) {
    const state = new StatementState();
    let start = -1;
    let end = -1;
    for (let position = 0; position < sql.length;) {
        const token = tokenAt(sql, position, state.empty);
        position = token.end;
        if (token.type === 'space')
            continue;
        if (token.type === 'line-comment' || token.type === 'block-comment' || token.type === 'command') {
            if (state.empty)
                yield { type: token.type, start: token.start, end: token.end };
            continue;
        }
        state.take(sql, token);
        if (!state.empty) {
            if (start < 0)
                start = token.start;
            end = token.end;
        }
        else if (start >= 0) {
            yield { type: 'statement', start, end };
            start = -1;
        }
    }
    if (start >= 0)
        yield { type: 'statement', start, end };
}
/** The statements alone. */
function splitStatements(sql) {
    return [...pieces(sql)].filter(({ type }) => type === 'statement');
}
/** Where in a statement the text is. Empty before its first token and after its semicolon. */
class StatementState {
    #parentheses = 0;
    /** An open `BEGIN ATOMIC` and, inside it, `CASE`s: all are closed by `END`. */
    #blocks = 0;
    /** The first words, in lower case: only a statement that creates a routine can hold a body. */
    #words = [];
    #lastWord = '';
    empty = true;
    take(sql, token) {
        const byte = sql[token.start];
        if (byte === SEMICOLON && token.type === 'mark' && this.#parentheses === 0 && this.#blocks === 0) {
            this.#reset();
            return;
        }
        this.empty = false;
        if (token.type === 'word') {
            this.#word(sql, token);
            return;
        }
        this.#lastWord = '';
        if (token.type !== 'mark')
            return;
        if (byte === OPEN)
            this.#parentheses++;
        if (byte === CLOSE && this.#parentheses > 0)
            this.#parentheses--;
    }
    #word(sql, token) {
        if (this.#words.length === FIRST_WORDS && !this.#createsRoutine())
            return;
        const word = token.end - token.start > LONGEST_WORD ? '' : sql.toString('latin1', token.start, token.end).toLowerCase();
        if (this.#words.length < FIRST_WORDS)
            this.#words.push(word);
        if (this.#blocks === 0) {
            if (word === 'atomic' && this.#lastWord === 'begin' && this.#createsRoutine())
                this.#blocks = 1;
        }
        else if (word === 'case')
            this.#blocks++;
        else if (word === 'end')
            this.#blocks--;
        this.#lastWord = word;
    }
    #createsRoutine() {
        const [first, second, third, fourth] = this.#words;
        const what = second === 'or' && third === 'replace' ? fourth : second;
        return first === 'create' && (what === 'function' || what === 'procedure');
    }
    #reset() {
        this.#parentheses = 0;
        this.#blocks = 0;
        this.#words = [];
        this.#lastWord = '';
        this.empty = true;
    }
}
function tokenAt(sql, start, atStatement) {
    const byte = sql[start] ?? 0;
    const next = sql[start + 1];
    const token = (type, end) => ({ type, start, end });
    if (isSpace(byte))
        return token('space', skip(sql, start, isSpace));
    if (byte === DASH && next === DASH)
        return token('line-comment', lineEnd(sql, start));
    if (byte === SLASH && next === STAR)
        return token('block-comment', blockCommentEnd(sql, start));
    if (byte === APOSTROPHE)
        return token('string', quotedEnd(sql, start, APOSTROPHE));
    if (byte === QUOTE)
        return token('name', quotedEnd(sql, start, QUOTE));
    if ((byte === 0x45 || byte === 0x65) && next === APOSTROPHE)
        return token('string', escapedEnd(sql, start + 1));
    if (byte === DOLLAR) {
        const end = dollarQuotedEnd(sql, start);
        return end === undefined ? token('mark', start + 1) : token('string', end);
    }
    if (byte === BACKSLASH && atStatement)
        return token('command', lineEnd(sql, start));
    if (isDigit(byte))
        return token('number', skip(sql, start, isWordPart));
    if (isWordStart(byte))
        return token('word', skip(sql, start, isWordPart));
    return token('mark', start + 1);
}
/** `''` or `""` inside stands for the quote itself, and reads just as well as two strings side by side: only the end matters. */
function quotedEnd(sql, start, quote) {
    const end = sql.indexOf(quote, start + 1);
    if (end < 0)
        throw unterminated(quote === QUOTE ? 'a quoted name' : 'a string');
    return end + 1;
}
/** E'…': a backslash takes the next character with it. `start` is the quote; `''` may split it, but not out of its escapes. */
function escapedEnd(sql, start) {
    for (let position = start + 1; position < sql.length; position++) {
        if (sql[position] === BACKSLASH)
            position++;
        else if (sql[position] === APOSTROPHE) {
            const further = continuation(sql, position + 1);
            if (further === undefined)
                return position + 1;
            position = further;
        }
    }
    throw unterminated('a string');
}
/** Strings go on after a quote at once, or after white space with a line break in it. Returns the quote that goes on. */
function continuation(sql, position) {
    if (sql[position] === APOSTROPHE)
        return position;
    const end = skip(sql, position, isSpace);
    return sql[end] === APOSTROPHE && sql.subarray(position, end).includes(NEWLINE) ? end : undefined;
}
function dollarQuotedEnd(sql, start) {
    let tagEnd = start + 1;
    if (!isDigit(sql[tagEnd] ?? 0))
        tagEnd = skip(sql, tagEnd, byte => byte !== DOLLAR && isWordPart(byte));
    if (sql[tagEnd] !== DOLLAR)
        return undefined;
    const tag = sql.subarray(start, tagEnd + 1);
    const end = sql.indexOf(tag, tagEnd + 1);
    if (end < 0)
        throw unterminated('a dollar-quoted string');
    return end + tag.length;
}
function blockCommentEnd(sql, start) {
    let depth = 0;
    for (let position = start; position < sql.length; position++) {
        if (sql[position] === SLASH && sql[position + 1] === STAR) {
            depth++;
            position++;
        }
        else if (sql[position] === STAR && sql[position + 1] === SLASH) {
            depth--;
            position++;
            if (depth === 0)
                return position + 1;
        }
    }
    throw unterminated('a comment');
}
/** The line break is not part of it. */
function lineEnd(sql, start) {
    const end = sql.indexOf(NEWLINE, start);
    return end < 0 ? sql.length : end;
}
function skip(sql, start, is) {
    let position = start;
    while (position < sql.length && is(sql[position] ?? 0))
        position++;
    return position;
}
function isSpace(byte) {
    return byte === SPACE || (byte >= TAB && byte <= RETURN);
}
function isDigit(byte) {
    return byte >= 0x30 && byte <= 0x39;
}
function isWordStart(byte) {
    return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || byte >= 0x80;
}
function isWordPart(byte) {
    return isWordStart(byte) || isDigit(byte) || byte === DOLLAR;
}
function unterminated(what) {
    return new errors/* ComebackError */.U$('damaged', `The schema's SQL text ends inside ${what}.`);
}

;// CONCATENATED MODULE: ./build/postgres/schema/entries.js
/**
 * pg_dump's SQL text as entries, cut along the comments with which pg_dump heads each of them:
 *
 *   --
 *   -- Name: users; Type: TABLE; Schema: public; Owner: shop
 *   --
 *
 * Only comments between statements count, so that no text inside a function or a string can pass for one. Between entries
 * pg_dump changes two settings, which hold until it changes them again; they go to each entry that they concern.
 */


/** The type of the first entry: the settings with which every dump begins. It has no name, schema or owner. */
const PREAMBLE = 'PREAMBLE';
const RULE = Buffer.from('--');
/**
 * The name stands first and greedily, since a name may hold anything, `; Type: ` too; pg_dump has turned its line breaks into
 * spaces. A dash stands for no schema or no owner.
 */
const entries_HEADER = /^-- (?:Data for )?Name: (.*); Type: ([A-Z][A-Z ]*); Schema: (.*?); Owner: (.*?)(?:; Tablespace: .*)?$/;
/** What pg_dump switches between entries, with the value that needs no mention. */
const STATE = /^SET (default_tablespace|default_table_access_method) = (.+)$/;
const DEFAULTS = { default_tablespace: '', default_table_access_method: 'heap' };
/** Bytes: a name has 63, each of which may be doubled. */
const STATE_LIMIT = 200;
const entries_NEWLINE = 0x0a;
/** Contiguous entries that cover the text from its first byte to its last. The first is the preamble. Throws `damaged`. */
function cutEntries(text) {
    const entries = [];
    const state = new Map();
    let open = {
        type: PREAMBLE,
        schema: null,
        name: '',
        owner: null,
        offset: 0,
        settings: {},
    };
    /** Where what precedes the next header begins: the switches, or else the rule above it. */
    let switches = -1;
    let rule = -1;
    for (const { type, start, end } of pieces(text)) {
        if (type === 'statement') {
            const change = stateChange(text, start, end);
            if (change === undefined)
                switches = -1;
            else {
                if (switches < 0)
                    switches = start;
                state.set(...change);
            }
        }
        else if (type === 'line-comment') {
            const header = rule < 0 ? null : entries_HEADER.exec(text.toString('utf8', start, end));
            if (header !== null) {
                const offset = switches < 0 ? rule : switches;
                entries.push({ ...open, length: offset - open.offset });
                open = { ...identify(header), offset, settings: unusual(state) };
                switches = -1;
            }
            rule = text.subarray(start, end).equals(RULE) ? start : -1;
        }
    }
    entries.push({ ...open, length: text.length - open.offset });
    return entries;
}
/** An entry's statements in order, each without its closing semicolon and without comments around it. */
function statementsOf(text, entry) {
    const sql = text.subarray(entry.offset, entry.offset + entry.length);
    return splitStatements(sql)
        .filter(({ start, end }) => stateChange(sql, start, end) === undefined)
        .map(({ start, end }) => sql.toString('utf8', start, end));
}
/**
 * The text without the `\restrict KEY` and `\unrestrict KEY` by which psql guards itself against a hostile server's dump:
 * psql before the summer of 2025 does not know them, and their key makes equal dumps differ. Found by the lexer: such a line in a
 * function's body stays. Throws `damaged` on any other psql command, of which a schema has none.
 */
function withoutRestrict(text) {
    const kept = [];
    let from = 0;
    for (const { type, start, end } of pieces(text)) {
        if (type !== 'command')
            continue;
        if (!/^\\(un)?restrict [A-Za-z0-9]+$/.test(text.toString('latin1', start, end))) {
            throw new errors/* ComebackError */.U$('damaged', 'The schema as dumped holds a psql command.');
        }
        kept.push(text.subarray(from, start));
        // With the line break and the empty line that follow it.
        from = end;
        while (from < end + 2 && text[from] === entries_NEWLINE)
            from++;
    }
    kept.push(text.subarray(from));
    return Buffer.concat(kept);
}
function identify([, name = '', type = '', schema = '-', owner = '-']) {
    return { type, name, schema: schema === '-' ? null : schema, owner: owner === '-' || owner === '' ? null : owner };
}
function unusual(state) {
    return Object.fromEntries([...state].filter(([name, value]) => value !== DEFAULTS[name]));
}
function stateChange(text, start, end) {
    if (end - start > STATE_LIMIT)
        return undefined;
    const [, name, value] = STATE.exec(text.toString('utf8', start, end)) ?? [];
    return name === undefined || value === undefined ? undefined : [name, unquote(value)];
}
function unquote(value) {
    const quote = value[0];
    if (quote !== '"' && quote !== "'")
        return value;
    return value.slice(1, -1).replaceAll(quote + quote, quote);
}

// EXTERNAL MODULE: external "node:worker_threads"
var external_node_worker_threads_ = __webpack_require__(5919);
;// CONCATENATED MODULE: ./build/postgres/schema/wire.js
const wire_HEADER = 5;
/** Bytes of a payload that is kept; longer ones are cut. */
const KEPT_LIMIT = 64 * 1024;
const ERROR_RESPONSE = 0x45; // E
const READY_FOR_QUERY = 0x5a; // Z
const QUERY = 0x51; // Q
const SYNC = 0x53; // S
const TERMINATE = 0x58; // X
/** Follows the ends of messages in a byte stream that arrives in any pieces, without joining them. */
class MessageScanner {
    #header = Buffer.alloc(wire_HEADER);
    #headerBytes = 0;
    #left = 0;
    #kept = [];
    #keptBytes = 0;
    /** Calls back once for each message that ends in these bytes; `payload` is there for an error response alone. */
    scan(bytes, onMessage) {
        let position = 0;
        while (position < bytes.length) {
            if (this.#headerBytes < wire_HEADER) {
                this.#header[this.#headerBytes++] = bytes[position++] ?? 0;
                if (this.#headerBytes < wire_HEADER)
                    continue;
                this.#left = this.#header.readUInt32BE(1) - 4;
            }
            else {
                const part = bytes.subarray(position, position + this.#left);
                if (this.#header[0] === ERROR_RESPONSE)
                    this.#keep(part);
                position += part.length;
                this.#left -= part.length;
            }
            if (this.#left <= 0) {
                onMessage(this.#header[0] ?? 0, Buffer.concat(this.#kept));
                this.#headerBytes = 0;
                this.#kept = [];
                this.#keptBytes = 0;
            }
        }
    }
    #keep(part) {
        const copy = Buffer.from(part.subarray(0, KEPT_LIMIT - this.#keptBytes));
        this.#kept.push(copy);
        this.#keptBytes += copy.length;
    }
}
/** Fields are a letter and a zero-terminated text each. */
function parseErrorResponse(payload) {
    const fields = new Map(payload
        .toString('utf8')
        .split('\0')
        .map(field => [field.slice(0, 1), field.slice(1)]));
    return {
        message: fields.get('M') ?? 'an error without a message',
        code: fields.get('C'),
        detail: fields.get('D'),
        hint: fields.get('H'),
        where: fields.get('W'),
    };
}
/** AuthenticationOk, the parameters, a made-up cancel key, ReadyForQuery. */
function greeting(parameters) {
    return Buffer.concat([
        message('R', Buffer.alloc(4)),
        ...Object.entries(parameters).map(([name, value]) => message('S', Buffer.from(`${name}\0${value}\0`))),
        message('K', Buffer.alloc(8)),
        message('Z', Buffer.from('I')),
    ]);
}
function message(type, payload) {
    const head = Buffer.alloc(wire_HEADER);
    head.write(type, 'latin1');
    head.writeUInt32BE(payload.length + 4, 1);
    return Buffer.concat([head, payload]);
}

;// CONCATENATED MODULE: ./build/postgres/schema/pg-dump-bundled.js
var pg_dump_bundled_addDisposableResource = (undefined && undefined.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var pg_dump_bundled_disposeResources = (undefined && undefined.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
/**
 * The bundled pg_dump against a real server: the worker's queries go through a connection that pg has opened and
 * authenticated, so TLS, passwords and poolers are its business, and the sandboxed pg_dump holds no credentials at all.
 */







const LOCKED = { code: '55P03', message: 'a table stayed locked for too long' };
/** MiB. Its JavaScript only carries messages; without a limit the young generation alone takes fifty. */
const WORKER_MEMORY = { maxYoungGenerationSizeMb: 4 };
/** What libpq wants to know of the session. */
const PARAMETERS = ['server_version', 'server_encoding', 'client_encoding', 'standard_conforming_strings'];
/** Runs pg_dump with these arguments and returns what it writes. */
async function bundledDump(options, args, what) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const { signal } = options;
        const connection = pg_dump_bundled_addDisposableResource(env_1, await connect(options), true);
        const parameters = await sessionParameters(connection);
        const { port1: port, port2 } = new external_node_worker_threads_.MessageChannel();
        const input = {
            args: [`--encoding=${await readingEncoding(connection)}`, ...args],
            flag: new SharedArrayBuffer(4),
            port: port2,
        };
        const worker = new external_node_worker_threads_.Worker(workerFile(), {
            workerData: input,
            transferList: [port2],
            stdout: true,
            stderr: true,
            env: {},
            resourceLimits: WORKER_MEMORY,
        });
        const ended = Promise.withResolvers();
        const onAbort = () => ended.reject(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        const bridge = bridgeTo(connection, port, input.flag, greeting(parameters));
        bridge.lost.catch(error => ended.reject(serverError(error, what)));
        worker.on('message', (output) => {
            if (output.type === 'done')
                ended.resolve(Buffer.from(output.text.buffer, output.text.byteOffset, output.text.length));
            else
                ended.reject(failure(output.message, bridge.lastError(), what));
        });
        worker.on('error', error => ended.reject(new errors/* ComebackError */.U$('failed', `${what} failed: ${error.message}`, { cause: error })));
        worker.on('exit', code => ended.reject(new errors/* ComebackError */.U$('failed', `${what} failed: pg_dump's thread ended (${code}).`)));
        try {
            signal.throwIfAborted();
            return await ended.promise;
        }
        finally {
            signal.removeEventListener('abort', onAbort);
            port.close();
            // pg knows nothing of what was said on its socket, so the connection can only be hung up.
            internals(connection.client).connection.stream.destroy();
            await worker.terminate();
        }
    }
    catch (e_1) {
        env_1.error = e_1;
        env_1.hasError = true;
    }
    finally {
        const result_1 = pg_dump_bundled_disposeResources(env_1);
        if (result_1)
            await result_1;
    }
}
/** The worker lies beside this file: as TypeScript in the sources, as a bundle of its own in a build. */
function workerFile() {
    return new URL(`./pg-dump-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
}
async function sessionParameters(connection) {
    const rows = await connection.query('SELECT name, pg_catalog.current_setting(name) AS value FROM unnest($1::text[]) AS s(name)', [PARAMETERS]);
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
/** Joins the worker's port to the connection's socket, past pg's own parser. `lost` rejects when the server hangs up. */
function bridgeTo(connection, port, flag, hello) {
    const { stream } = internals(connection.client).connection;
    const scanner = new MessageScanner();
    const lost = Promise.withResolvers();
    let answer = [];
    let lastError;
    const reply = (bytes) => {
        port.postMessage(bytes);
        const word = new Int32Array(flag);
        Atomics.store(word, 0, 1);
        Atomics.notify(word, 0);
    };
    stream.removeAllListeners('data');
    stream.on('data', (bytes) => {
        answer.push(bytes);
        let ready = false;
        scanner.scan(bytes, (type, payload) => {
            if (type === ERROR_RESPONSE)
                lastError = parseErrorResponse(payload);
            ready ||= type === READY_FOR_QUERY;
        });
        if (!ready)
            return;
        const whole = Buffer.concat(answer);
        answer = [];
        reply(whole);
    });
    stream.on('close', () => {
        lost.reject(new errors/* ComebackError */.U$('connection', `The connection to ${connection.description} was lost${lastError === undefined ? '' : `: ${lastError.message}`}.`));
    });
    let greeted = false;
    port.on('message', (bytes) => {
        if (greeted)
            stream.write(bytes);
        else
            reply(hello);
        greeted = true;
    });
    return { lost: lost.promise, lastError: () => lastError };
}
/** The server's own error where there was one, pg_dump's words otherwise. */
function failure(message, fields, what) {
    // What pg_dump prints line by line arrives here without its line breaks.
    const said = message
        .replace(/^pg_dump failed with exit code \d+\.\s*Error message:\s*/, '')
        .replace('could not find a "pg_dump" to execute', '')
        .replaceAll(/pg_dump: (?:error|warning|detail|hint): /g, '\n$&')
        .trim();
    if (fields === undefined)
        return new errors/* ComebackError */.U$('failed', `${what} failed: ${said}`);
    // --lock-wait-timeout is a statement timeout on the statement that locks.
    const waited = fields.code === '57014' && said.includes('Query was: LOCK TABLE');
    return fromFields(waited ? LOCKED : fields, what, new Error(said));
}

// EXTERNAL MODULE: external "node:child_process"
var external_node_child_process_ = __webpack_require__(1421);
;// CONCATENATED MODULE: ./build/postgres/schema/pg-dump-native.js
var pg_dump_native_addDisposableResource = (undefined && undefined.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var pg_dump_native_disposeResources = (undefined && undefined.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
/** A pg_dump that is installed, for servers newer than the bundled one. The password reaches it by a private file alone. */










/** Characters of pg_dump's messages that are kept, from the beginning: the first error is the cause of the others. */
const MESSAGE_LIMIT = 4_000;
async function nativeDump(program, options, args, what) {
    const target = parseDatabaseUrl(options.url);
    const encoding = await encodingOf(options);
    const folder = await (0,promises_.mkdtemp)((0,external_node_path_.join)((0,external_node_os_.tmpdir)(), 'comeback-'));
    try {
        const passFile = (0,external_node_path_.join)(folder, 'pgpass');
        const serviceFile = (0,external_node_path_.join)(folder, 'service');
        await (0,promises_.writeFile)(passFile, passLine(target), { mode: 0o600 });
        await (0,promises_.writeFile)(serviceFile, service(target, options), { mode: 0o600 });
        return await pg_dump_native_run(program, ['--no-password', '--dbname=service=comeback', `--encoding=${encoding}`, ...args], what, target, options.signal, {
            PGPASSFILE: passFile,
            PGSERVICEFILE: serviceFile,
            PGOPTIONS: `${target.options ?? ''} -c standard_conforming_strings=on`.trim(),
            LC_ALL: 'C',
        });
    }
    finally {
        await (0,promises_.rm)(folder, { recursive: true, force: true });
    }
}
/** `18.6`, from `pg_dump (PostgreSQL) 18.6 (Debian 18.6-1)`. Throws `usage` if the program is no pg_dump. */
async function nativeVersion(program, signal) {
    const hint = 'Give --pg-dump the path of a pg_dump, or leave it away to use the bundled one.';
    try {
        const { stdout } = await (0,external_node_util_.promisify)(external_node_child_process_.execFile)(program, ['--version'], { env: {}, ...(signal && { signal }) });
        const version = /^pg_dump \(PostgreSQL\) (\S+)/.exec(stdout)?.[1];
        if (version !== undefined)
            return version;
    }
    catch (error) {
        signal?.throwIfAborted();
        throw new errors/* ComebackError */.U$('usage', `${program} cannot be run.`, { cause: error, hint });
    }
    throw new errors/* ComebackError */.U$('usage', `${program} is no pg_dump.`, { hint });
}
/** Connects first, which also waits for a server that wakes up and explains a failure better than pg_dump does. */
async function encodingOf(options) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const connection = pg_dump_native_addDisposableResource(env_1, await connect(options), true);
        return await readingEncoding(connection);
    }
    catch (e_1) {
        env_1.error = e_1;
        env_1.hasError = true;
    }
    finally {
        const result_1 = pg_dump_native_disposeResources(env_1);
        if (result_1)
            await result_1;
    }
}
async function pg_dump_native_run(program, args, what, { password }, signal, env) {
    signal.throwIfAborted();
    const child = (0,external_node_child_process_.spawn)(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
    const output = [];
    let messages = '';
    child.stdout.on('data', (bytes) => output.push(bytes));
    child.stderr.setEncoding('utf8').on('data', (text) => {
        messages = (messages + text).slice(0, MESSAGE_LIMIT);
    });
    const ended = Promise.withResolvers();
    child.on('error', error => ended.reject(error));
    child.on('close', code => ended.resolve(code));
    const code = await ended.promise.catch((error) => {
        signal.throwIfAborted();
        throw new errors/* ComebackError */.U$('usage', `${program} cannot be run.`, { cause: error });
    });
    signal.throwIfAborted();
    if (code !== 0)
        throw pg_dump_native_failure(messages.replaceAll(password || '\0', '***'), code, what);
    return Buffer.concat(output);
}
/** The child's messages are the only trace of the server's error code, which stands in them for no known locale but C. */
function pg_dump_native_failure(messages, code, what) {
    const said = messages.trim() || `it ended with code ${code}`;
    if (/permission denied/.test(said))
        return fromFields({ message: said, code: '42501' }, what);
    if (/statement timeout/.test(said) && /Query was: LOCK TABLE/.test(said))
        return fromFields({ message: said, code: '55P03' }, what);
    if (/server version mismatch/.test(said))
        return new errors/* ComebackError */.U$('server-too-new', `${what} failed: ${said}`);
    return new errors/* ComebackError */.U$('failed', `${what} failed: ${said}`);
}
/** One line that matches any connection. */
function passLine({ password }) {
    return password === undefined ? '' : `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`;
}
/** A service file knows no quoting: a value goes to the end of its line. */
function service(target, options) {
    const values = {
        host: target.host,
        port: String(target.port),
        dbname: target.database,
        user: target.user,
        sslmode: target.sslMode === 'no-verify' ? 'require' : target.sslMode,
        // libpq would look for a file in the home folder otherwise.
        sslrootcert: target.sslRootCert ?? (target.sslMode === 'verify-full' ? 'system' : undefined),
        sslcert: target.sslCert,
        sslkey: target.sslKey,
        channel_binding: target.channelBinding ? 'require' : undefined,
        application_name: options.applicationName,
        connect_timeout: String(Math.max(2, Math.ceil(options.connectTimeout / 1000))),
        keepalives_idle: '30',
    };
    const lines = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
    if (lines.some(line => /[\r\n]/.test(line))) {
        throw new errors/* ComebackError */.U$('usage', 'The database URL holds a line break, which a native pg_dump cannot be told.');
    }
    return `[comeback]\n${lines.join('\n')}\n`;
}

;// CONCATENATED MODULE: ./build/postgres/schema/pg-dump.js
/** The schema as pg_dump's own SQL text, by the bundled pg_dump or by a native one. */





/** A test holds it equal to what the bundled pg_dump writes into its dumps. */
const BUNDLED_PG_DUMP = { major: 18, version: '18.3' };
const DUMP_END = '-- PostgreSQL database dump complete\n--\n';
/**
 * One section's SQL text, in UTF-8 (an SQL_ASCII database's in its own bytes), complete and without `\restrict` lines. Throws
 * what the server said (`permission`, `timeout` for a lock …), `connection`, `failed` with pg_dump's own words, or the signal's
 * reason. What pg_dump merely warns of is dropped.
 */
async function dumpSchema(options) {
    const what = `Reading the schema (${options.section}) of ${describeUrl(options.connect.url)}`;
    const args = [
        `--section=${options.section}`,
        // Large objects are read like rows. Before version 17, pg_dump puts them into pre-data too.
        '--no-blobs',
        ...(options.snapshot === undefined ? [] : [`--snapshot=${options.snapshot}`]),
        ...options.args,
    ];
    const text = options.native === undefined
        ? await bundledDump(options.connect, args, what)
        : await nativeDump(options.native, options.connect, args, what);
    const whole = withoutRestrict(text);
    if (!whole.subarray(-DUMP_END.length - 2).includes(DUMP_END)) {
        throw new errors/* ComebackError */.U$('failed', `${what} failed: pg_dump's text is not complete.`);
    }
    return whole;
}
/** `pg_dump 18.3 (bundled)`, or `pg_dump 18.6 (/usr/bin/pg_dump)`. Throws `usage` if that cannot be run. */
async function pgDumpVersion(native, signal) {
    if (native === undefined)
        return `pg_dump ${BUNDLED_PG_DUMP.version} (bundled)`;
    return `pg_dump ${await nativeVersion(native, signal)} (${native})`;
}

;// CONCATENATED MODULE: ./build/postgres/dump/privileges.js
async function unreadable(connection, readsRows) {
    const rows = await connection.query(RELATIONS);
    const forbidden = rows.filter(row => !row.enters || !row.reads);
    const hidden = rows.filter(row => row.filtered && readsRows({ schema: row.schema, name: row.name }));
    const [objects] = await connection.query(LARGE_OBJECTS);
    return {
        forbidden: forbidden.map(row => row.quoted),
        grants: grants(forbidden),
        hidden: hidden.map(row => row.quoted),
        largeObjects: objects?.count ?? 0,
        quotedRole: objects?.role ?? '',
    };
}
/** By schema, since whoever may not read one table rarely may read its neighbours that come tomorrow. */
function grants(rows) {
    return [...Map.groupBy(rows, row => row.quotedSchema)].flatMap(([schema, rows]) => {
        const role = rows[0]?.quotedRole;
        const of = (sequence) => rows.filter(row => row.sequence === sequence && !row.reads);
        return [
            ...(rows.some(row => !row.enters) ? [`GRANT USAGE ON SCHEMA ${schema} TO ${role};`] : []),
            ...(of(false).length > 0 ? [`GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role};`] : []),
            ...(of(true).length > 0 ? [`GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role};`] : []),
        ];
    });
}
/**
 * Only what needs mending. An extension's own tables are not read, but for those that it marked as configuration. A table of
 * which the role may read some columns only counts as forbidden.
 */
const RELATIONS = `
  SELECT * FROM (
    SELECT n.nspname AS schema,
           c.relname AS name,
           format('%I.%I', n.nspname, c.relname) AS quoted,
           format('%I', n.nspname) AS "quotedSchema",
           format('%I', current_user) AS "quotedRole",
           c.relkind = 'S' AS sequence,
           has_schema_privilege(n.oid, 'USAGE') AS enters,
           CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
                ELSE has_table_privilege(c.oid, 'SELECT') END AS reads,
           c.relrowsecurity AND row_security_active(c.oid) AS filtered
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S')
      AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
          AND d.refclassid = 'pg_catalog.pg_extension'::regclass
          AND NOT c.oid = ANY (coalesce(e.extconfig, '{}'))
      )
  ) AS relations
  WHERE NOT enters OR NOT reads OR filtered
  ORDER BY quoted`;
const LARGE_OBJECTS = `
  SELECT count(*)::int AS count, format('%I', current_user) AS role
  FROM pg_catalog.pg_largeobject_metadata m
  WHERE NOT pg_has_role(m.lomowner, 'USAGE')
    AND current_setting('lo_compat_privileges') = 'off'
    AND NOT EXISTS (
      SELECT FROM aclexplode(m.lomacl) AS a
      WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE'))
    )`;

;// CONCATENATED MODULE: ./build/postgres/dump/preflight.js






const OLDEST_MAJOR = 14;
/** Names in a message before "and N more". */
const NAMES_SHOWN = 20;
/** Throws `server-too-new`, `unsupported` (too old, transaction pooler) or `permission`. */
async function preflight(connection, options) {
    await refuseTransactionPooler(connection, parseDatabaseUrl(options.url), options.open);
    await checkVersion(connection, options.nativePgDump);
    const facts = await readFacts(connection);
    refuseUnreadable(connection, facts.role, await unreadable(connection, options.readsRows ?? (() => true)));
    return { empty: facts.empty, standby: facts.standby, problems: problemsOf(facts) };
}
async function checkVersion(connection, native) {
    const server = Math.floor(connection.serverVersion / 10_000);
    if (server < OLDEST_MAJOR) {
        throw new errors/* ComebackError */.U$('unsupported', `${connection.description} runs PostgreSQL ${server}; versions from ${OLDEST_MAJOR} on are supported.`);
    }
    const version = native === undefined ? BUNDLED_PG_DUMP.version : await nativeVersion(native);
    if (server <= Number.parseInt(version, 10))
        return;
    throw new errors/* ComebackError */.U$('server-too-new', `${connection.description} runs PostgreSQL ${server}, which is newer than ${native ?? 'the bundled pg_dump'} ${version}.`, { hint: `Install the PostgreSQL ${server} client programs and give their pg_dump as --pg-dump PATH.` });
}
async function readFacts(connection) {
    const [facts] = await connection.query(`SELECT current_user AS role,
            r.rolsuper AS superuser,
            pg_catalog.pg_is_in_recovery() AS standby,
            NOT EXISTS (
              SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            ) AS empty,
            (SELECT count(s.oid)::int FROM pg_catalog.pg_subscription s
             JOIN pg_catalog.pg_database d ON d.oid = s.subdbid AND d.datname = current_database()) AS subscriptions
     FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`);
    if (facts === undefined)
        throw new errors/* ComebackError */.U$('failed', `${connection.description} does not know its own role.`);
    return facts;
}
function problemsOf({ subscriptions, superuser, role }) {
    if (subscriptions === 0 || superuser)
        return [];
    return [
        {
            severity: 'partial',
            message: `${subscriptions} logical replication ${subscriptions === 1 ? 'subscription is' : 'subscriptions are'} left out: only a superuser may read them, and "${role}" is none.`,
        },
    ];
}
function refuseUnreadable(connection, role, found) {
    if (found.forbidden.length > 0) {
        throw new errors/* ComebackError */.U$('permission', `Role "${role}" may not read ${preflight_list(found.forbidden)} in ${connection.description}.`, { hint: `As the owner or a superuser, run:\n${found.grants.join('\n')}` });
    }
    if (found.largeObjects > 0) {
        throw new errors/* ComebackError */.U$('permission', `Role "${role}" may not read ${found.largeObjects} large objects in ${connection.description}.`, { hint: 'Grant SELECT on each of them, or connect as their owner or as a superuser.' });
    }
    if (found.hidden.length > 0) {
        throw new errors/* ComebackError */.U$('permission', `Row-level security hides rows from role "${role}" in ${preflight_list(found.hidden)} of ${connection.description}; a backup would lack them.`, {
            hint: `As a superuser, run: ALTER ROLE ${found.quotedRole} BYPASSRLS; or connect as the tables' owner, or exclude the tables' rows.`,
        });
    }
}
function preflight_list(names) {
    const more = names.length - NAMES_SHOWN;
    return more > 0 ? `${names.slice(0, NAMES_SHOWN).join(', ')} and ${more} more` : names.join(', ');
}

;// CONCATENATED MODULE: ./build/postgres/dump/tables.js
/** Below it, objects are initdb's; `FirstNormalObjectId`. */
const FIRST_NORMAL_OID = 16_384;
/** First version that reads a range of pages without reading the pages before it. */
const TID_RANGE_SCANS = 140_000;
/** Schemas whose objects are the server's own. */
const IS_USER_SCHEMA = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;
/** An extension's objects come with it, but for what it has marked as holding its users' data. */
const EXTENSION_MEMBERSHIP = `
  LEFT JOIN LATERAL (
    SELECT true AS is_member FROM pg_catalog.pg_depend d
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
       AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e' LIMIT 1
  ) m ON true
  LEFT JOIN LATERAL (
    SELECT true AS is_config, nullif(e.extcondition[i], '') AS condition
      FROM pg_catalog.pg_extension e, pg_catalog.generate_subscripts(e.extconfig, 1) i
     WHERE e.extconfig[i] = c.oid AND e.oid >= ${FIRST_NORMAL_OID} LIMIT 1
  ) x ON true`;
/** Whether an object of `EXTENSION_MEMBERSHIP` is backed up. A standby cannot read what is unlogged. */
const IS_BACKED_UP = `
  (is_config OR is_member IS NULL AND ${IS_USER_SCHEMA})
  AND NOT (c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery()) AND c.relpersistence <> 't'`;
/** Everything that must not change while it is read: tables and partitioned tables. */
async function listLockable(connection) {
    return await connection.query(`
    SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, pg_catalog.pg_table_is_visible(c.oid) AS visible,
           ARRAY(SELECT a.relid::oid::text FROM pg_catalog.pg_partition_ancestors(c.oid) a WHERE a.relid <> c.oid) AS ancestors
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ${EXTENSION_MEMBERSHIP}
     WHERE c.relkind IN ('r', 'p') AND (is_config OR is_member IS NULL AND ${IS_USER_SCHEMA})
       AND c.relpersistence <> 't'
     ORDER BY c.oid`);
}
/** Sizes are read from the files, so the tables should be locked by now. */
async function listTables(connection) {
    const rows = await connection.query(TABLES);
    return rows.map(({ root, isAdded, isHeap, pages, bytes, ...row }) => ({
        ...row,
        into: root ?? { schema: row.schema, name: row.name },
        rows: isAdded ? 'added' : 'own',
        pages: isHeap && connection.serverVersion >= TID_RANGE_SCANS ? Number(pages) : null,
        bytes: Number(bytes),
    }));
}
/**
 * Hash partitions on an enum hash the OIDs of its values, which are others after a restore: such rows must be loaded
 * through the partition root. The test is pg_dump's own, for the operator class among those of any partitioned table above.
 */
const TABLES = `
  WITH enum_hash AS (
    SELECT o.oid FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am a ON o.opcmethod = a.oid
     WHERE o.opcname = 'enum_ops' AND o.opcnamespace = 'pg_catalog'::pg_catalog.regnamespace AND a.amname = 'hash'
  )
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name,
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                ORDER BY a.attnum) AS columns,
         (SELECT pg_catalog.json_build_object('schema', rn.nspname, 'name', r.relname)
            FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
           WHERE r.oid = pg_catalog.pg_partition_root(c.oid)
             AND EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) u
                           JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = u.relid, enum_hash
                          WHERE enum_hash.oid = ANY (p.partclass))) AS root,
         is_config IS NOT NULL AS "isAdded", x.condition,
         coalesce(am.amhandler = 'pg_catalog.heap_tableam_handler'::pg_catalog.regproc, false) AS "isHeap",
         pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint AS pages,
         pg_catalog.pg_table_size(c.oid) AS bytes,
         ARRAY(SELECT f.confrelid::text FROM pg_catalog.pg_constraint f
                WHERE is_config AND f.contype = 'f' AND f.conrelid = c.oid AND f.confrelid <> c.oid) AS references
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam ${EXTENSION_MEMBERSHIP}
   WHERE c.relkind = 'r' AND ${IS_BACKED_UP}`;

;// CONCATENATED MODULE: ./build/postgres/dump/snapshot.js
/**
 * The leader: the connection that locks all tables against changes of their shape, exports its snapshot and keeps both alive
 * while lanes and pg_dump read.
 *
 * The locks come first. `LOCK TABLE` takes no snapshot, so that the one that is taken after it sees every change that was made
 * before the tables were locked: no row is lost to a TRUNCATE or an ALTER TABLE in between, which a snapshot does not protect from.
 */








/** How often tables are listed and locked anew because one was dropped or renamed in between. */
const snapshot_ATTEMPTS = 5;
/** Tables that one statement locks. */
const LOCK_BATCH = 1_000;
const OUT_OF_SHARED_MEMORY = '53200';
/** Milliseconds between two signs of life, and how long one may take. */
const KEEPALIVE = 30_000;
/**
 * `survey` runs in the leader's transaction as soon as all tables are locked, and again if what it wanted to see was dropped
 * meanwhile. Throws `timeout` if a lock could not be had.
 */
async function openSnapshot(options, survey) {
    const connection = await connect(options.connect);
    try {
        // Asked while the role's own search path is in force.
        let tables = await listLockable(connection);
        await options.check(connection, tables);
        const encoding = await readingEncoding(connection);
        await prepareSession(connection, encoding, options.lockTimeout);
        for (let attempt = 1;; attempt++) {
            try {
                const id = await begin(connection, tables, options);
                const found = await survey(connection, tables);
                return guard(connection, { id, encoding, survey: found });
            }
            catch (error) {
                if (attempt === snapshot_ATTEMPTS || !isUndefinedRelation(error))
                    throw error;
                await connection.query('ROLLBACK');
                const visible = new Set(tables.filter(table => table.visible).map(table => table.oid));
                tables = (await listLockable(connection)).map(table => ({ ...table, visible: visible.has(table.oid) }));
            }
        }
    }
    catch (error) {
        await connection.close();
        throw serverError(error, `Taking a snapshot of ${connection.description}`);
    }
}
async function begin(connection, tables, options) {
    await connection.query(BEGIN_READING);
    await lock(connection, tables, options);
    const [row] = await connection.query('SELECT pg_catalog.pg_export_snapshot() AS id');
    if (row === undefined)
        throw new errors/* ComebackError */.U$('server-error', 'The server exported no snapshot.');
    const locked = new Set(tables.map(table => table.oid));
    const created = (await listLockable(connection)).filter(table => !locked.has(table.oid));
    await lock(connection, created, options);
    return row.id;
}
async function lock(connection, tables, options) {
    for (let first = 0; first < tables.length; first += LOCK_BATCH) {
        const names = tables.slice(first, first + LOCK_BATCH).map(table => `ONLY ${qualified(table)}`);
        try {
            await connection.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
        }
        catch (error) {
            if (isLockTimeout(error))
                throw await lockTimeout(connection, options, error);
            if (sqlStateOf(error) === OUT_OF_SHARED_MEMORY) {
                throw new errors/* ComebackError */.U$('server-error', `The server has no room to lock ${tables.length} tables.`, {
                    hint: 'Raise max_locks_per_transaction on the server.',
                    cause: error,
                });
            }
            throw error;
        }
    }
}
async function lockTimeout(connection, options, cause) {
    await connection.query('ROLLBACK');
    const holders = await connection.query(`
    SELECT n.nspname AS schema, c.relname AS name, l.pid, a.application_name AS application
      FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p')
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
     ORDER BY 1, 2 LIMIT 5`);
    const list = holders.map(holder => `${displayName(holder)} by process ${holder.pid}${holder.application ? ` (${holder.application})` : ''}`);
    return new errors/* ComebackError */.U$('timeout', `Locking the tables of ${connection.description} against changes took longer than ${options.lockTimeout / 1000} s.` +
        (list.length === 0 ? '' : ` Held or wanted exclusively: ${list.join(', ')}.`), { hint: 'A migration, VACUUM FULL or the like is at work. Back up when it is done.', cause });
}
function guard(connection, taken) {
    const lost = new AbortController();
    const onEnd = () => lost.abort(new errors/* ComebackError */.U$('connection', `The connection to ${connection.description} that held the snapshot was lost.`, {
        hint: 'What was read cannot be completed any more; the backup must start again.',
    }));
    connection.client.once('end', onEnd);
    let users = 0;
    let last = Promise.resolve();
    const exclusive = (work) => {
        users++;
        const result = last.then(() => work(connection)).finally(() => users--);
        // The next user waits for this one's end, whatever it is; the error goes to whoever called.
        last = result.catch(() => { });
        return result;
    };
    const hangUp = () => internals(connection.client).connection.stream.destroy();
    const keepalive = setInterval(() => {
        if (users > 0)
            return;
        const timer = setTimeout(hangUp, KEEPALIVE);
        // A failure shows as the connection's end.
        exclusive(leader => leader.query('SELECT 1'))
            .catch(error => isConnectionLoss(error) || hangUp())
            .finally(() => clearTimeout(timer));
    }, KEEPALIVE);
    keepalive.unref();
    return {
        ...taken,
        serverVersion: connection.serverVersion,
        lost: lost.signal,
        exclusive,
        async [Symbol.asyncDispose]() {
            clearInterval(keepalive);
            connection.client.removeListener('end', onEnd);
            await connection.close();
        },
    };
}

;// CONCATENATED MODULE: ./build/postgres/dump/sequences.js
/** The values of sequences, as the statements with which pg_dump sets them. */



/** First version that tells all values in one query. */
const SEQUENCE_DATA = 180_000;
/** Sequences that one statement asks for where each must be read like a table. */
const BATCH = 200;
/**
 * One statement a line; empty if there are no sequences. Values are not transactional: read after the snapshot was taken,
 * they are never behind the rows.
 */
async function readSequences(connection) {
    const values = connection.serverVersion >= SEQUENCE_DATA ? await readAll(connection) : await readEach(connection);
    return values.map(setval).join('');
}
function setval(value) {
    if (value.last === null) {
        throw new errors/* ComebackError */.U$('permission', `The value of the sequence ${displayName(value)} may not be read.`, {
            hint: `Grant it to the role that backs up: GRANT SELECT ON SEQUENCE ${qualified(value)} TO …`,
        });
    }
    return `SELECT pg_catalog.setval(${lineLiteral(qualified(value))}, ${value.last}, ${value.called});\n`;
}
const SEQUENCES = `
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ${EXTENSION_MEMBERSHIP}`;
const CONDITION = `WHERE c.relkind = 'S' AND ${IS_BACKED_UP} ORDER BY n.nspname, c.relname`;
async function readAll(connection) {
    return await connection.query(`SELECT n.nspname AS schema, c.relname AS name, v.last_value::text AS last, v.is_called AS called
     ${SEQUENCES} CROSS JOIN LATERAL pg_catalog.pg_get_sequence_data(c.oid) v ${CONDITION}`);
}
async function readEach(connection) {
    const sequences = await connection.query(`SELECT n.nspname AS schema, c.relname AS name ${SEQUENCES} ${CONDITION}`);
    const values = [];
    for (let first = 0; first < sequences.length; first += BATCH) {
        const batch = sequences.slice(first, first + BATCH);
        const each = batch.map((sequence, index) => `SELECT ${index} AS index, last_value::text AS last, is_called AS called FROM ${qualified(sequence)}`);
        const read = await connection.query(each.join(' UNION ALL '));
        for (const { index, last, called } of read) {
            const sequence = batch[index];
            if (sequence !== undefined)
                values.push({ ...sequence, last, called });
        }
    }
    return values;
}

;// CONCATENATED MODULE: ./build/postgres/dump/survey.js




async function surveyDatabase(connection, lockable, { schemaOnly, exclusions }) {
    const database = await describeDatabase(connection);
    if (schemaOnly) {
        return { tables: [], excluded: [], unmatched: [], sequences: '', largeObjects: [], database };
    }
    const excluded = excludedOids(lockable, exclusions);
    const tables = await listTables(connection);
    return {
        tables: tables.filter(table => !excluded.has(table.oid)),
        excluded: tables.filter(table => excluded.has(table.oid)).map(({ schema, name }) => ({ schema, name })),
        unmatched: exclusions.filter(one => !lockable.some(table => one.matches(table))).map(one => one.pattern),
        sequences: await readSequences(connection),
        largeObjects: await listLargeObjects(connection),
        database,
    };
}
async function describeDatabase(connection) {
    const [row] = await connection.query(`
    SELECT datname::text AS database, pg_catalog.pg_encoding_to_char(encoding)::text AS encoding,
           datcollate::text AS collate, datctype::text AS ctype
      FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`);
    const extensions = await connection.query(`
    SELECT e.extname::text AS name, e.extversion AS version, n.nspname::text AS schema
      FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace ORDER BY e.extname`);
    const schemas = await connection.query(`SELECT n.nspname::text AS name FROM pg_catalog.pg_namespace n WHERE ${IS_USER_SCHEMA} ORDER BY n.nspname`);
    if (row === undefined)
        throw new Error('The database does not know itself.');
    return { ...row, extensions, schemas: schemas.map(schema => schema.name) };
}

;// CONCATENATED MODULE: ./build/postgres/schema/script-for.js
/**
 * pg_dump's text as a script that psql can run on a server of the source's own version, and that leaves there what the source
 * has. pg_dump itself writes for servers as new as it is: to older ones it says too much in one place, too little in another.
 */
const script_for_TRANSACTION_TIMEOUT = { since: 170_000, statement: Buffer.from('\nSET transaction_timeout = 0;') };
/**
 * Since 15 nobody but its owner may create in schema `public`, and a pg_dump that new mentions only what differs from that. On an
 * older server the script must take the privilege away itself; where the source grants it, pg_dump says so further down.
 */
const CLOSED_PUBLIC = {
    since: 150_000,
    major: 15,
    statement: Buffer.from('\nREVOKE CREATE ON SCHEMA public FROM PUBLIC;'),
};
/** The last of the settings, with which every dump begins, and how far into the text it may lie. */
const LAST_SETTING = Buffer.from('\nSET row_security = off;');
const SETTINGS_LIMIT = 2_000;
const script_for_VERSION = /^-- Dumped by pg_dump version (\d+)/m;
function scriptFor(text, section, serverVersion) {
    let script = text;
    if (serverVersion < script_for_TRANSACTION_TIMEOUT.since)
        script = replaceSetting(script, script_for_TRANSACTION_TIMEOUT.statement, Buffer.alloc(0));
    const major = Number(script_for_VERSION.exec(text.toString('latin1', 0, SETTINGS_LIMIT))?.[1] ?? 0);
    // Once: in the second script it would undo what pg_dump granted in the first.
    if (section === 'pre-data' && serverVersion < CLOSED_PUBLIC.since && major >= CLOSED_PUBLIC.major) {
        script = replaceSetting(script, LAST_SETTING, Buffer.concat([LAST_SETTING, CLOSED_PUBLIC.statement]));
    }
    return script;
}
function replaceSetting(text, setting, by) {
    const at = text.indexOf(setting);
    if (at < 0 || at > SETTINGS_LIMIT)
        return text;
    return Buffer.concat([text.subarray(0, at), by, text.subarray(at + setting.length)]);
}

;// CONCATENATED MODULE: ./build/postgres/dump.js
var dump_addDisposableResource = (undefined && undefined.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var dump_disposeResources = (undefined && undefined.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});















/** Milliseconds. A migration is usually done by then, and a backup that waits longer waits for something that hangs. */
const dump_LOCK_TIMEOUT = 60_000;
/** Entries that a database without any object of its own may have. */
const BARE_ENTRIES = [PREAMBLE, 'SCHEMA', 'EXTENSION', 'COMMENT', 'ACL', 'DEFAULT ACL'];
/**
 * Throws `usage` for a malformed URL or pattern. Reading throws what `connect` and `preflight` do, `timeout` if a table stays locked,
 * `permission`, and `connection` if the snapshot is lost: then, and only then, reading again may help.
 */
function createDatabaseSource(options) {
    const exclusions = options.excludeTableData.map(parseExclusion);
    return {
        component: 'database',
        identity: options.identity ?? identityOf(options.url),
        async read(out, signal) {
            const env_1 = { stack: [], error: void 0, hasError: false };
            try {
                // One failure ends every connection, the leader's too.
                const failed = new AbortController();
                const connectOptions = (...signals) => ({
                    url: options.url,
                    connectTimeout: options.connectTimeout,
                    signal: AbortSignal.any([signal, failed.signal, ...signals]),
                });
                let found = [];
                out.phase('Taking a snapshot');
                const snapshot = dump_addDisposableResource(env_1, await openSnapshot({
                    connect: connectOptions(),
                    lockTimeout: options.lockTimeout ?? dump_LOCK_TIMEOUT,
                    check: async (connection, tables) => {
                        found = await check(connection, tables, options, exclusions, () => connect(connectOptions()));
                    },
                }, (connection, lockable) => surveyDatabase(connection, lockable, { schemaOnly: options.schemaOnly, exclusions })), true);
                const context = { options, out, snapshot, connect: connectOptions(snapshot.lost) };
                const rows = readRows(context);
                const tasks = [readSchema(context, rows), rows];
                for (const task of tasks)
                    task.catch(error => failed.abort((0,errors/* asComebackError */.Mx)(error)));
                await Promise.allSettled(tasks);
                signal.throwIfAborted();
                failed.signal.throwIfAborted();
                const { detail, problems } = await conclude(context, await tasks[0], await tasks[1]);
                return { detail, problems: [...found, ...problems] };
            }
            catch (e_1) {
                env_1.error = e_1;
                env_1.hasError = true;
            }
            finally {
                const result_1 = dump_disposeResources(env_1);
                if (result_1)
                    await result_1;
            }
        },
    };
}
async function check(connection, tables, options, exclusions, open) {
    const excluded = excludedOids(tables, exclusions);
    const unread = new Set(tables.filter(table => excluded.has(table.oid)).map(qualified));
    const { problems } = await preflight(connection, {
        url: options.url,
        readsRows: table => !options.schemaOnly && !unread.has(qualified(table)),
        open,
        ...(options.pgDump === undefined ? {} : { nativePgDump: options.pgDump }),
    });
    return problems;
}
/** Returns the entries of both sections. */
async function readSchema(context, rows) {
    // One right after the other, for pg_dump locks the tables anew: the sooner it has, the less may come in between. Not side by
    // side, since each takes tens of megabytes.
    const preData = await dumpSection(context, 'pre-data', rows);
    const postData = await dumpSection(context, 'post-data', rows);
    const before = await writeSection(context, 'pre-data', preData);
    const { sequences } = context.snapshot.survey;
    if (sequences !== '') {
        const detail = { kind: 'script', content: 'sequences' };
        await context.out.segment({ name: 'sequence values', group: '99-schema', detail }, once(Buffer.from(sequences)));
    }
    return [...before, ...(await writeSection(context, 'post-data', postData))];
}
async function dumpSection({ options, snapshot, connect }, section, rows) {
    const request = {
        connect,
        snapshot: snapshot.id,
        section,
        args: [
            `--lock-wait-timeout=${options.lockTimeout ?? dump_LOCK_TIMEOUT}`,
            // Only then: it leaves out that materialized views are filled.
            ...(options.schemaOnly ? ['--schema-only'] : []),
        ],
        ...(options.pgDump === undefined ? {} : { native: options.pgDump }),
    };
    const text = await dumpSchema(request).catch(async (error) => {
        if (!isFull(error))
            throw error;
        // The lanes have taken all connections that there are. They will be back.
        await Promise.allSettled([rows]);
        return await dumpSchema(request);
    });
    return scriptFor(text, section, snapshot.serverVersion);
}
async function writeSection({ out }, section, text) {
    const entries = cutEntries(text);
    const group = section === 'pre-data' ? '00-schema' : '99-schema';
    await out.segment({ name: `schema, ${section}`, group, detail: { kind: 'schema', section, entries } }, once(text));
    return entries;
}
async function readRows({ options, out, snapshot, connect }) {
    const { tables, largeObjects } = snapshot.survey;
    const runs = planTables(tables);
    const bytes = [...runs.flat(), ...largeObjects].reduce((sum, part) => sum + part.bytes, 0);
    out.expect(Math.round(bytes));
    out.phase(`Reading ${tables.length} ${tables.length === 1 ? 'table' : 'tables'}`);
    return await readInLanes([...runs.map(run => run.map(rowsReading)), ...largeObjects.map(batch => [largeObjectsReading(batch)])], { count: options.lanes, connect, snapshot, out });
}
function rowsReading(piece) {
    const { table, into, columns, from, to, rows } = piece;
    const before = copyHeader(piece);
    return {
        name: pieceName(piece),
        detail: {
            kind: 'rows',
            table,
            into: { schema: into.schema, name: into.name },
            columns: [...columns],
            head: Buffer.byteLength(before),
            tail: COPY_END.length,
            from,
            to,
            rows,
        },
        before,
        queries: [copyQuery(piece)],
        after: COPY_END,
    };
}
function largeObjectsReading(batch) {
    return {
        name: largeObjectsName(batch),
        detail: { kind: 'script', content: 'large-objects' },
        before: '',
        queries: largeObjectQueries(batch),
        after: '',
    };
}
async function conclude({ options, snapshot, connect }, entries, lanes) {
    const { survey } = snapshot;
    const detail = {
        kind: 'database',
        serverVersion: snapshot.serverVersion,
        ...survey.database,
        schemaOnly: options.schemaOnly,
        excludedData: [...survey.excluded],
        rows: { ...lanes.rows },
        pgDump: await pgDumpVersion(options.pgDump, connect.signal),
    };
    return { detail, problems: dump_problemsOf(survey, entries, lanes) };
}
function dump_problemsOf(survey, entries, lanes) {
    const problems = survey.unmatched.map(pattern => ({
        severity: 'warning',
        message: `No table matches ${pattern}, whose rows were to be left out.`,
        hint: 'A pattern without a schema matches only tables on the search path; capitals need double quotes.',
    }));
    if (survey.largeObjects.length === 0 && entries.every(entry => BARE_ENTRIES.includes(entry.type))) {
        problems.push({
            severity: 'warning',
            message: `The database "${survey.database.database}" is empty: the backup holds no table and no other object.`,
            hint: 'Check that the URL names the right database.',
        });
    }
    if (lanes.missing > 0) {
        problems.push({
            severity: 'warning',
            message: `The server had no connection left for ${lanes.missing} of the lanes; the others read everything.`,
            hint: 'Ask for fewer --lanes, or raise max_connections.',
        });
    }
    return problems;
}
async function* once(bytes) {
    if (bytes.length > 0)
        yield bytes;
}

;// CONCATENATED MODULE: ./build/postgres/restore/batch.js
/** Returns what went wrong, if anything did: the statements before `index` ran, but may be rolled back with it. */
async function runBatch(connection, statements) {
    if (statements.length === 0)
        return undefined;
    const query = new BatchQuery(statements.map(terminated).join('\n'));
    connection.client.query(query);
    const error = await query.done;
    if (error === undefined)
        return undefined;
    return { index: failingIndex(statements, query.completed, error), error };
}
/** pg's `Submittable`, which tells how many statements were completed before one failed; `pg.Query` doesn't. */
class BatchQuery {
    completed = 0;
    done;
    #text;
    #settle = () => { };
    constructor(text) {
        this.#text = text;
        this.done = new Promise(resolve => {
            this.#settle = resolve;
        });
    }
    submit(connection) {
        connection.query(this.#text);
    }
    handleCommandComplete() {
        this.completed++;
    }
    handleError(error) {
        this.#settle(error);
    }
    handleReadyForQuery() {
        this.#settle(undefined);
    }
    /** Results (`setval`, `lo_create`) are of no interest. */
    handleRowDescription() { }
    handleDataRow() { }
    handleEmptyQuery() { }
    handleCopyInResponse(connection) {
        connection.sendCopyFail('a batch holds no rows');
    }
}
/**
 * The server parses the whole batch before it runs the first statement, so for a syntax error only the position tells
 * where it lies. It counts characters from 1.
 */
function failingIndex(statements, completed, error) {
    const last = statements.length - 1;
    const position = 'position' in error ? Number(error.position) : Number.NaN;
    const internal = 'internalPosition' in error && error.internalPosition !== undefined;
    if (!Number.isInteger(position) || internal)
        return Math.min(completed, last);
    let end = 0;
    for (const [index, statement] of statements.entries()) {
        end += [...terminated(statement)].length + 1;
        if (position <= end)
            return index;
    }
    return last;
}
function terminated(statement) {
    return statement.trimEnd().endsWith(';') ? statement : `${statement}\n;`;
}

;// CONCATENATED MODULE: ./build/postgres/restore/run-tasks.js
/**
 * Work in lanes: each lane takes the heaviest task whose needs are met and whose locks nobody holds, so that no lane ever
 * waits inside the server for another one, and no two of them for each other.
 */
/** Runs all tasks. The first failure is thrown once every lane has come to rest; `onFailure` may hurry the others. */
async function runTasks(lanes, tasks, onFailure = () => { }) {
    const locks = new LockTable();
    const missing = new Map(tasks.map(task => [task, new Set(task.needs).size]));
    const dependents = new Map(tasks.map(task => [task, []]));
    for (const task of tasks) {
        for (const need of new Set(task.needs))
            dependents.get(need)?.push(task);
    }
    const order = new Map(tasks.map((task, index) => [task, index]));
    const heavierFirst = (a, b) => b.weight - a.weight || (order.get(a) ?? 0) - (order.get(b) ?? 0);
    let ready = tasks.filter(task => task.needs.length === 0).toSorted(heavierFirst);
    let left = tasks.length;
    let failure;
    let change = Promise.withResolvers();
    const finish = (task) => {
        left--;
        locks.release(task);
        const fresh = (dependents.get(task) ?? []).filter(dependent => {
            const count = (missing.get(dependent) ?? 0) - 1;
            missing.set(dependent, count);
            return count === 0;
        });
        if (fresh.length > 0)
            ready = [...ready, ...fresh].toSorted(heavierFirst);
    };
    const wake = () => {
        change.resolve();
        change = Promise.withResolvers();
    };
    const work = async (lane) => {
        while (left > 0 && failure === undefined) {
            const index = ready.findIndex(task => locks.isFree(task));
            const [task] = index < 0 ? [] : ready.splice(index, 1);
            if (task === undefined) {
                if (locks.idle)
                    throw new Error('The tasks wait for each other.');
                await change.promise;
                continue;
            }
            locks.take(task);
            try {
                await task.run(lane);
                finish(task);
            }
            catch (error) {
                failure ??= { error };
                onFailure(error);
            }
            wake();
        }
    };
    await Promise.all(lanes.map(work));
    if (failure !== undefined)
        throw failure.error;
}
class LockTable {
    /** Holders by lock: a number of sharers, or -1 for one alone. */
    #held = new Map();
    #running = 0;
    get idle() {
        return this.#running === 0;
    }
    isFree({ shared, exclusive }) {
        return (shared.every(name => (this.#held.get(name) ?? 0) >= 0) &&
            exclusive.every(name => (this.#held.get(name) ?? 0) === 0));
    }
    take({ shared, exclusive }) {
        this.#running++;
        for (const name of shared)
            this.#held.set(name, (this.#held.get(name) ?? 0) + 1);
        for (const name of exclusive)
            this.#held.set(name, -1);
    }
    release({ shared, exclusive }) {
        this.#running--;
        for (const name of shared)
            this.#held.set(name, (this.#held.get(name) ?? 1) - 1);
        for (const name of exclusive)
            this.#held.set(name, 0);
    }
}

;// CONCATENATED MODULE: ./build/postgres/restore/analyze.js



/** Tables that one transaction analyzes. */
const analyze_BATCH = 16;
/**
 * Partitions are analyzed with their roots, but not where a foreign table is among them: that would ask another server. Big tables
 * first.
 */
const analyze_TABLES = `
  WITH RECURSIVE remote AS (
    SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'f'
    UNION
    SELECT i.inhparent FROM remote JOIN pg_catalog.pg_inherits i ON i.inhrelid = remote.oid
  )
  SELECT n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind::text = ANY($2) AND c.relpersistence <> 't' AND n.nspname = ANY($1)
     AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
     AND c.oid NOT IN (SELECT oid FROM remote)
     AND (NOT c.relispartition OR pg_catalog.pg_partition_root(c.oid) IN (SELECT oid FROM remote))
   ORDER BY c.relpages DESC, c.oid`;
const analyze_KINDS = { all: ['r', 'm', 'p'], partitioned: ['p'] };
/** The restore is done by then: a failure is only a warning. */
async function analyzeRestored(lanes, schemas, which) {
    const [first] = lanes;
    try {
        const tables = (await first?.query(analyze_TABLES, [schemas, analyze_KINDS[which]])) ?? [];
        const batches = Array.from({ length: Math.ceil(tables.length / analyze_BATCH) }, (_, index) => tables.slice(index * analyze_BATCH, (index + 1) * analyze_BATCH));
        await runTasks(lanes, batches.map(batch => ({
            weight: 0,
            needs: [],
            shared: [],
            exclusive: [],
            run: lane => analyze(lane, batch),
        })));
        return [];
    }
    catch (error) {
        return [
            {
                severity: 'warning',
                message: `All is restored, but not all tables could be analyzed: ${error instanceof Error ? error.message : error}`,
                hint: 'Run ANALYZE on the database, so that its queries are planned well.',
            },
        ];
    }
}
async function analyze(connection, tables) {
    const failure = await runBatch(connection, tables.map(table => `ANALYZE ${qualified(table)}`));
    if (failure !== undefined)
        throw failure.error;
}

;// CONCATENATED MODULE: ./build/postgres/restore/compatibility.js


/** Tables that a message names. */
const compatibility_NAMED = 10;
/** Throws `unsupported`; returns what will differ, or may fail. */
function checkCompatibility({ detail, preData }, facts, mode) {
    const problems = [...withoutRows(detail)];
    const from = major(detail.serverVersion);
    const to = major(facts.version);
    if (to < from) {
        problems.push({
            severity: 'warning',
            message: `The backup is from PostgreSQL ${from}, the target is the older ${to}.`,
            hint: 'What the older server does not know yet makes the restore fail with its message.',
        });
    }
    const encoding = encodingProblem(detail.encoding, facts.encoding);
    if (encoding !== undefined)
        problems.push(encoding);
    if (detail.collate !== facts.collate) {
        problems.push({
            severity: 'warning',
            message: `The source sorts text by ${detail.collate}, the target by ${facts.collate}.`,
            hint: `Where the order of text matters, restore into a database created with LC_COLLATE '${detail.collate}' TEMPLATE template0.`,
        });
    }
    for (const { name, schema } of detail.extensions) {
        const installed = facts.extensions.get(name);
        // An atomic restore drops it, if it may.
        if (installed === undefined || installed.schema === schema || (mode === 'atomic' && installed.ours))
            continue;
        problems.push({
            severity: 'warning',
            message: `Extension ${name} stands in schema ${installed.schema} on the target, in ${schema} in the backup.`,
            hint: `If the restore fails for it: ALTER EXTENSION "${name}" SET SCHEMA "${schema}"`,
        });
    }
    const missing = preData.flatMap(({ entry }) => entry.type === 'EXTENSION' && !facts.available.has(entry.name) && !facts.extensions.has(entry.name)
        ? [entry.name]
        : []);
    if (missing.length > 0) {
        throw new errors/* ComebackError */.U$('unsupported', `The target cannot install what the backup needs: ${missing.join(', ')}.`, {
            hint: 'Install the packages of these extensions on the server, or restore to one that has them.',
        });
    }
    return problems;
}
/** What the backup was told to leave out comes back empty: said, since the day of the restore is another than that of the backup. */
function withoutRows({ schemaOnly, excludedData }) {
    if (schemaOnly)
        return [{ severity: 'warning', message: 'The backup is schema-only: tables come back without rows.' }];
    if (excludedData.length === 0)
        return [];
    const names = excludedData.slice(0, compatibility_NAMED).map(displayName).join(', ');
    const more = excludedData.length > compatibility_NAMED ? ` and ${excludedData.length - compatibility_NAMED} more` : '';
    return [{ severity: 'warning', message: `The backup was made without the rows of ${names}${more}.` }];
}
function encodingProblem(from, to) {
    if (from === to)
        return undefined;
    if (to !== 'UTF8') {
        throw new errors/* ComebackError */.U$('unsupported', `The backup's text is ${from}, the target's encoding is ${to}.`, {
            hint: `Create the target with: CREATE DATABASE … ENCODING '${from}' TEMPLATE template0`,
        });
    }
    return {
        severity: 'warning',
        message: from === 'SQL_ASCII'
            ? 'The source has no encoding (SQL_ASCII): text that is not valid UTF-8 makes the restore fail.'
            : `The source's text is ${from}; it is stored as UTF8.`,
    };
}
function major(version) {
    return Math.floor(version / 10_000);
}

;// CONCATENATED MODULE: ./build/postgres/restore/drop-object.js
/** Objects outside of schemas, and how to drop the one that an entry will create. */

/** Types that are dropped by their name alone. Subscriptions are not here: dropping one drops a slot on another server. */
const BY_NAME = {
    'EVENT TRIGGER': 'EVENT TRIGGER',
    PUBLICATION: 'PUBLICATION',
    'FOREIGN DATA WRAPPER': 'FOREIGN DATA WRAPPER',
    SERVER: 'SERVER',
    'PROCEDURAL LANGUAGE': 'LANGUAGE',
    'ACCESS METHOD': 'ACCESS METHOD',
};
/** Undefined for what lives in a schema. */
function dropStatement(entry) {
    const type = BY_NAME[entry.type];
    if (type !== undefined)
        return `DROP ${type} IF EXISTS ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(entry.name)} CASCADE`;
    // Their names are `CAST (a AS b)` and `TRANSFORM FOR a LANGUAGE b`.
    if (entry.type === 'CAST')
        return `DROP CAST IF EXISTS ${entry.name.slice('CAST '.length)} CASCADE`;
    if (entry.type === 'TRANSFORM')
        return `DROP TRANSFORM IF EXISTS ${entry.name.slice('TRANSFORM '.length)} CASCADE`;
    return undefined;
}

;// CONCATENATED MODULE: ./build/postgres/restore/restore-sessions.js
var restore_sessions_addDisposableResource = (undefined && undefined.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var restore_sessions_disposeResources = (undefined && undefined.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
/** The connections of one restore: made alike, and gone from the server when the restore is, however it ended. */


/** Milliseconds for the clearing up after a failure or an abort, all of it. */
const CLEAR_UP_LIMIT = 60_000;
/** Milliseconds that one backend gets to end. */
const END_LIMIT = 5_000;
/**
 * What pg_dump's own preamble sets, and limits that no restore may run into. Settings that the server doesn't know
 * (`transaction_timeout` before 17) are not made.
 */
const restore_sessions_SETTINGS = {
    statement_timeout: '0',
    lock_timeout: '0',
    idle_in_transaction_session_timeout: '0',
    idle_session_timeout: '0',
    transaction_timeout: '0',
    standard_conforming_strings: 'on',
    DateStyle: 'ISO',
    IntervalStyle: 'postgres',
    search_path: '',
    check_function_bodies: 'false',
    xmloption: 'content',
    client_min_messages: 'warning',
    row_security: 'off',
    default_tablespace: '',
    default_table_access_method: 'heap',
};
const MAKE_SETTINGS = `
  SELECT count(pg_catalog.set_config(s.name, w.setting, false))
    FROM unnest($1::text[], $2::text[]) AS w(name, setting)
    JOIN pg_catalog.pg_settings AS s ON s.name = w.name`;
function restoreSessions(options, outer) {
    const failing = new AbortController();
    const signal = AbortSignal.any([outer, failing.signal]);
    const connections = [];
    const backends = [];
    return {
        signal,
        async open(settings = {}) {
            const connection = await connect({ ...options, signal });
            connections.push(connection);
            const wanted = { ...restore_sessions_SETTINGS, ...settings };
            const [backend] = await connection.query('SELECT pid, backend_start::text AS started FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()');
            if (backend !== undefined)
                backends.push(backend);
            await connection.query(MAKE_SETTINGS, [Object.keys(wanted), Object.values(wanted)]);
            return connection;
        },
        fail(error) {
            failing.abort(error);
        },
        async close() {
            await Promise.all(connections.map(connection => connection.close()));
            if (signal.aborted)
                await endBackends(options, backends.splice(0));
        },
    };
}
/** A connection that an abort doesn't touch, for clearing up, which has a time limit of its own. */
async function openForClearingUp(options) {
    const signal = AbortSignal.timeout(CLEAR_UP_LIMIT);
    const connection = await connect({ ...options, signal });
    await connection.query(MAKE_SETTINGS, [Object.keys(restore_sessions_SETTINGS), Object.values(restore_sessions_SETTINGS)]);
    return connection;
}
/** A backend in the middle of a statement doesn't notice that its client has gone: it would build its index to the end. */
async function endBackends(options, backends) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        if (backends.length === 0)
            return;
        const connection = restore_sessions_addDisposableResource(env_1, await openForClearingUp(options), true);
        const rows = await connection.query(`SELECT pg_catalog.pg_terminate_backend(a.pid, $3) AS ended
       FROM unnest($1::int[], $2::timestamptz[]) AS b(pid, started)
       JOIN pg_catalog.pg_stat_activity AS a ON a.pid = b.pid AND a.backend_start = b.started`, [backends.map(backend => backend.pid), backends.map(backend => backend.started), END_LIMIT]);
        const alive = rows.filter(row => !row.ended).length;
        if (alive > 0) {
            throw new errors/* ComebackError */.U$('server-error', `${alive} of the restore's backends did not end within 5 seconds.`, {
                hint: 'See pg_stat_activity, application_name comeback.',
            });
        }
    }
    catch (e_1) {
        env_1.error = e_1;
        env_1.hasError = true;
    }
    finally {
        const result_1 = restore_sessions_disposeResources(env_1);
        if (result_1)
            await result_1;
    }
}

;// CONCATENATED MODULE: ./build/postgres/restore/target.js

/** Names of tables that a message repeats. */
const EXAMPLES = 5;
/**
 * Counts what people made. What an extension brought along is not theirs, nor what a provider's own roles own in schemas of
 * their own.
 */
const CONTENTS = `
  WITH objects(kind, rank, schema, name, owner, class, oid) AS (
    SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                          WHEN 'c' THEN 'type' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
           CASE c.relkind WHEN 'r' THEN 1 WHEN 'p' THEN 1 ELSE 2 END,
           c.relnamespace, c.relname::text, c.relowner, 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid
      FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
    UNION ALL
    SELECT 'function', 3, p.pronamespace, p.proname::text, p.proowner, 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid
      FROM pg_catalog.pg_proc p
    UNION ALL
    SELECT 'type', 3, t.typnamespace, t.typname::text, t.typowner, 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid
      FROM pg_catalog.pg_type t WHERE t.typtype IN ('d', 'e', 'r') OR (t.typtype = 'b' AND t.typelem = 0)
  ), theirs AS (
    SELECT o.kind, o.rank, n.nspname::text AS schema, o.name
      FROM objects o JOIN pg_catalog.pg_namespace n ON n.oid = o.schema
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND (n.nspname = 'public' OR pg_catalog.pg_has_role(o.owner, 'USAGE'))
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = o.class AND d.objid = o.oid AND d.objsubid = 0 AND d.deptype IN ('e', 'i'))
    UNION ALL
    SELECT 'large object', 4, '', oid::text FROM pg_catalog.pg_largeobject_metadata
     WHERE pg_catalog.pg_has_role(lomowner, 'USAGE')
  )
  SELECT kind, count(*) AS count,
         (SELECT json_agg(json_build_object('schema', schema, 'name', name) ORDER BY schema, name)
            FROM (SELECT schema, name FROM theirs t WHERE t.kind = theirs.kind ORDER BY 1, 2 LIMIT ${EXAMPLES}) e) AS examples
    FROM theirs GROUP BY kind ORDER BY min(rank), kind`;
/** Undefined if the target is empty. */
async function inspectTarget(connection) {
    const rows = await connection.query(CONTENTS);
    if (rows.length === 0)
        return undefined;
    const examples = rows.flatMap(({ kind, examples: some }) => (some ?? []).map(({ schema, name }) => (schema === '' ? `${kind} ${name}` : displayName({ schema, name }))));
    return {
        tables: Number(rows.find(row => row.kind === 'table')?.count ?? 0),
        counts: Object.fromEntries(rows.map(row => [row.kind, Number(row.count)])),
        examples: examples.slice(0, EXAMPLES),
    };
}
/** `3 tables (public.a, public.b, public.c)`. */
function describeContents({ counts, examples }) {
    const numbers = Object.entries(counts).map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`);
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return `${numbers.join(', ')} (${examples.join(', ')}${total > examples.length ? ', …' : ''})`;
}

;// CONCATENATED MODULE: ./build/postgres/restore/target-queries.js
/** What a reset asks the catalogue; most answers are statements, made by the server with its own quoting. */
/** The objects of the schemas `$1`, tables first, without what extensions own or what only serves another object. */
const OBJECTS_IN_SCHEMAS = `
  SELECT DISTINCT CASE i.type WHEN 'composite type' THEN 'TYPE' WHEN 'statistics object' THEN 'STATISTICS'
                              ELSE upper(i.type) END AS type,
         i.identity, n.nspname AS schema, i.type <> 'table' AS rank,
         COALESCE(p.proname, c.relname, t.typname, i.name)::text AS name
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
   CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
    LEFT JOIN pg_catalog.pg_proc p ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = d.objid
    LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objid
    LEFT JOIN pg_catalog.pg_type t ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = d.objid
   WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND n.nspname = ANY($1)
     AND d.deptype = 'n' AND d.objsubid = 0
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                      WHERE e.classid = d.classid AND e.objid = d.objid AND e.objsubid = 0 AND e.deptype IN ('e', 'i'))
     AND i.type IN ('table', 'view', 'materialized view', 'sequence', 'foreign table', 'composite type', 'type', 'function',
                    'procedure', 'aggregate', 'operator', 'operator class', 'operator family', 'collation', 'conversion',
                    'statistics object', 'text search parser', 'text search dictionary', 'text search template',
                    'text search configuration')
   ORDER BY rank, i.identity`;
/** Schemas in which an extension stands or has something. */
const EXTENSION_SCHEMAS = `
  SELECT n.nspname AS schema FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
  UNION
  SELECT n.nspname
    FROM pg_catalog.pg_depend m
    JOIN pg_catalog.pg_depend d ON d.classid = m.classid AND d.objid = m.objid
     AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
    JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
   WHERE m.deptype = 'e'
  UNION
  SELECT n.nspname FROM pg_catalog.pg_depend m JOIN pg_catalog.pg_namespace n ON n.oid = m.objid
   WHERE m.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND m.deptype = 'e'`;
/** What stands outside the schemas `$1`, depends on something inside, and so goes with it. */
const DEPENDENTS_OUTSIDE = `
  WITH doomed AS (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
     WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND n.nspname = ANY($1)
  ), outside AS (
    SELECT DISTINCT d.classid, d.objid, d.objsubid,
           COALESCE(r.ev_class, t.tgrelid, a.adrelid, p.polrelid, c.conrelid, CASE d.classid
             WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN d.objid END) AS relation
      FROM doomed JOIN pg_catalog.pg_depend d ON d.refclassid = doomed.classid AND d.refobjid = doomed.objid
      LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
      LEFT JOIN pg_catalog.pg_trigger t ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND t.oid = d.objid
      LEFT JOIN pg_catalog.pg_attrdef a ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.oid = d.objid
      LEFT JOIN pg_catalog.pg_policy p ON d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = d.objid
      LEFT JOIN pg_catalog.pg_constraint c ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND c.oid = d.objid
     WHERE d.deptype IN ('n', 'a')
  )
  SELECT DISTINCT i.type || ' ' || i.identity AS name
    FROM outside o JOIN pg_catalog.pg_class k ON k.oid = o.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = k.relnamespace
   CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.classid, o.objid, o.objsubid) i
   WHERE n.nspname <> ALL($1) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   ORDER BY 1`;
const target_queries_GRANTEE = `CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END`;
/**
 * Statements that bring default privileges back to the server's own: for everywhere, and in the schemas `$1` which stay. They
 * would add grants to everything that the restore creates.
 */
const DEFAULT_PRIVILEGES = `
  WITH defaults AS (
    SELECT a.oid, a.defaclacl, a.defaclobjtype, a.defaclnamespace = 0 AS everywhere,
           pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.defaclrole)) AS role,
           'ALTER DEFAULT PRIVILEGES FOR ROLE ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.defaclrole))
             || COALESCE(' IN SCHEMA ' || pg_catalog.quote_ident(n.nspname), '') AS head,
           CASE a.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
                                WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END AS objects
      FROM pg_catalog.pg_default_acl a LEFT JOIN pg_catalog.pg_namespace n ON n.oid = a.defaclnamespace
     WHERE (a.defaclnamespace = 0 OR n.nspname = ANY($1)) AND pg_catalog.pg_has_role(a.defaclrole, 'USAGE')
  )
  SELECT sql FROM (
    SELECT DISTINCT 1 AS step, oid, head || ' REVOKE ALL ON ' || objects || ' FROM ' || ${target_queries_GRANTEE} AS sql
      FROM defaults CROSS JOIN LATERAL pg_catalog.aclexplode(defaclacl) x
    UNION ALL
    SELECT 2, oid, head || ' GRANT ALL ON ' || objects || ' TO ' || role FROM defaults WHERE everywhere
    UNION ALL
    SELECT 3, oid, head || ' GRANT ' || CASE defaclobjtype WHEN 'f' THEN 'EXECUTE' ELSE 'USAGE' END || ' ON ' || objects || ' TO PUBLIC'
      FROM defaults WHERE everywhere AND defaclobjtype IN ('f', 'T')
  ) s ORDER BY oid, step, sql`;
/**
 * Statements that bring owner, grants and comment of the schemas `$1` back to what a new schema has. `public` gets what pg_dump
 * takes for granted on every server since its version 15, and otherwise mentions: nobody may create in it (unless `$2`).
 */
const SCHEMA_DEFAULTS = `
  WITH schemas AS (
    SELECT n.oid, n.nspacl, n.nspname = 'public' AS public, pg_catalog.quote_ident(n.nspname) AS name,
           pg_catalog.pg_get_userbyid(n.nspowner) AS owner,
           CASE WHEN n.nspname <> 'public' THEN pg_catalog.pg_get_userbyid(n.nspowner)
                WHEN pg_catalog.current_setting('server_version_num')::int >= 150000 THEN 'pg_database_owner'
                ELSE (SELECT rolname FROM pg_catalog.pg_roles WHERE oid = 10) END AS proper
      FROM pg_catalog.pg_namespace n
     WHERE n.nspname = ANY($1) AND pg_catalog.pg_has_role(n.nspowner, 'USAGE')
  ), owned AS (
    -- On a managed server an ordinary role cannot give the schema to whom a new database would.
    SELECT *, CASE WHEN owner = proper OR pg_catalog.pg_has_role(proper, 'MEMBER') THEN proper ELSE owner END AS final FROM schemas
  )
  SELECT sql FROM (
    SELECT DISTINCT 1 AS step, oid, 'REVOKE ALL ON SCHEMA ' || name || ' FROM ' || ${target_queries_GRANTEE} || ' CASCADE' AS sql
      FROM owned CROSS JOIN LATERAL pg_catalog.aclexplode(nspacl) x
    UNION ALL
    SELECT 2, oid, 'ALTER SCHEMA ' || name || ' OWNER TO ' || pg_catalog.quote_ident(final) FROM owned WHERE final <> owner
    UNION ALL
    SELECT 3, oid, 'GRANT ALL ON SCHEMA ' || name || ' TO ' || pg_catalog.quote_ident(final) FROM owned
    UNION ALL
    SELECT 4, oid, 'GRANT ' || CASE WHEN $2::boolean THEN 'ALL' ELSE 'USAGE' END || ' ON SCHEMA public TO PUBLIC'
      FROM owned WHERE public
    UNION ALL
    SELECT 5, oid, 'COMMENT ON SCHEMA ' || name || ' IS ' || CASE WHEN public THEN '''standard public schema''' ELSE 'NULL' END FROM owned
  ) s ORDER BY oid, step, sql`;
/** Statements that delete from the tables of the extensions `$1`, which stay, what the backup will add again. */
const CONFIGURATION_ROWS = `
  SELECT 'DELETE FROM ONLY ' || t.tableoid::pg_catalog.regclass || ' ' || t.condition AS sql
    FROM pg_catalog.pg_extension e
   CROSS JOIN LATERAL unnest(e.extconfig, e.extcondition) AS t(tableoid, condition)
    JOIN pg_catalog.pg_class c ON c.oid = t.tableoid AND c.relkind = 'r'
   WHERE e.extname = ANY($1)`;
const UNLINK_LARGE_OBJECTS = `
  SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE pg_catalog.pg_has_role(lomowner, 'USAGE')`;

;// CONCATENATED MODULE: ./build/postgres/restore/target-reset.js
/**
 * Empties a target, inside the transaction that restores it. What goes is what the backup will put there again: the schemas
 * that it holds, objects outside of schemas by name, large objects. Extensions that the backup has too stay, since an ordinary
 * role may not be able to create them again. Schema `public` is emptied, not dropped: its owner and its initial
 * privileges, against which pg_dump compares, stay with it.
 */






const target_reset_BATCH = 64;
/** Objects outside that a warning names. */
const target_reset_EXAMPLES = 10;
/** Throws, naming the object, if the restoring role may not drop something. Returns what a person should know. */
async function resetTarget(connection, detail, entries, facts) {
    const schemas = detail.schemas.filter(schema => facts.schemas.has(schema));
    const outside = await connection.query(DEPENDENTS_OUTSIDE, [schemas]);
    const doomed = doomedExtensions(detail, facts);
    await drop(connection, [
        ...entries.flatMap(entry => dropStatement(entry) ?? []),
        ...doomed.map(name => `DROP EXTENSION IF EXISTS ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name)} CASCADE`),
    ]);
    const held = await connection.query(EXTENSION_SCHEMAS);
    const staying = new Set(['public', ...held.map(row => row.schema)]);
    const emptied = schemas.filter(schema => staying.has(schema) || facts.schemas.get(schema)?.ours === false);
    const dropped = schemas.filter(schema => !emptied.includes(schema));
    await drop(connection, dropped.map(schema => `DROP SCHEMA ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(schema)} CASCADE`));
    await emptySchemas(connection, emptied);
    await drop(connection, await listed(connection, DEFAULT_PRIVILEGES, [emptied]));
    await drop(connection, await listed(connection, SCHEMA_DEFAULTS, [emptied, !expectsClosedPublic(detail)]));
    await drop(connection, await listed(connection, CONFIGURATION_ROWS, [keptExtensions(detail, facts)]));
    if (!detail.schemaOnly)
        await drop(connection, [UNLINK_LARGE_OBJECTS]);
    return problems(detail, facts, outside);
}
/**
 * Schema `public` of an empty target older than 15 lets everybody create in it. pg_dump since 15 doesn't mention the privilege
 * where the source has revoked it: it takes that for granted, and so must be given it, or the copy is more open than the source.
 */
async function closePublic(connection, detail, facts) {
    const isOpen = facts.version < 150_000 && facts.schemas.get('public')?.ours === true;
    if (!isOpen || !detail.schemas.includes('public') || !expectsClosedPublic(detail))
        return;
    await drop(connection, ['REVOKE CREATE ON SCHEMA public FROM PUBLIC']);
}
function expectsClosedPublic({ pgDump }) {
    return Number(/pg_dump (\d+)/.exec(pgDump)?.[1] ?? 18) >= 15;
}
/** Drops the objects of people in the schemas, which stay. */
async function emptySchemas(connection, schemas, isMeant = () => true) {
    const objects = await connection.query(OBJECTS_IN_SCHEMAS, [schemas]);
    await drop(connection, objects.filter(isMeant).map(({ type, identity }) => `DROP ${type} IF EXISTS ${identity} CASCADE`));
}
/** An extension goes if it stands in a schema that is replaced, and the backup doesn't have it right there. */
function doomedExtensions(detail, facts) {
    return [...facts.extensions].flatMap(([name, { schema, ours }]) => {
        if (name === 'plpgsql' || !ours)
            return [];
        const stored = detail.extensions.find(extension => extension.name === name);
        if (stored === undefined)
            return detail.schemas.includes(schema) ? [name] : [];
        return stored.schema === schema ? [] : [name];
    });
}
function keptExtensions(detail, facts) {
    return detail.extensions.flatMap(({ name, schema }) => {
        const installed = facts.extensions.get(name);
        return installed?.ours && installed.schema === schema ? [name] : [];
    });
}
async function listed(connection, query, values) {
    const rows = await connection.query(query, values);
    return rows.map(row => row.sql);
}
async function drop(connection, statements) {
    for (let first = 0; first < statements.length; first += target_reset_BATCH) {
        const batch = statements.slice(first, first + target_reset_BATCH);
        const failure = await runBatch(connection, batch);
        if (failure === undefined)
            continue;
        const told = serverError(failure.error, `Emptying ${connection.description}`);
        throw new errors/* ComebackError */.U$(told.code, `${told.message} The statement: ${batch[failure.index] ?? ''}`, {
            hint: told.code === 'permission'
                ? 'The restoring role must own what is replaced. Use the owner’s role, or restore into an empty database.'
                : (told.hint ?? 'Nothing was changed.'),
            cause: failure.error,
        });
    }
}
function problems(detail, facts, outside) {
    const others = [...facts.schemas].filter(([name, { ours }]) => ours && !detail.schemas.includes(name));
    const found = [];
    if (others.length > 0) {
        found.push({
            severity: 'warning',
            message: `Schemas that the backup doesn't hold stay as they are: ${others.map(([name]) => name).join(', ')}.`,
        });
    }
    if (outside.length > 0) {
        const names = outside.slice(0, target_reset_EXAMPLES).map(row => row.name);
        found.push({
            severity: 'warning',
            message: `Dropped with what they depended on, and not part of the backup: ${names.join(', ')}${outside.length > target_reset_EXAMPLES ? ` and ${outside.length - target_reset_EXAMPLES} more` : ''}.`,
        });
    }
    return found;
}

;// CONCATENATED MODULE: ./build/postgres/restore/remove-restored.js
var remove_restored_addDisposableResource = (undefined && undefined.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var remove_restored_disposeResources = (undefined && undefined.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
/**
 * After a parallel restore failed: the target was empty when it began, and is made so again. Only what the backup names is
 * dropped, in case somebody else has begun to use the database meanwhile. Each batch is a transaction of its own, so that
 * no number of tables is too large.
 */





/** `facts` are those from before the restore. Returns whether the target is empty again. */
async function removeRestored(target, plan, facts) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const connection = remove_restored_addDisposableResource(env_1, await openForClearingUp(target), true);
        const entries = [...plan.preData, ...plan.postData, ...plan.permissions, ...plan.last].map(({ entry }) => entry);
        // Named twice: a function's entry carries its arguments.
        const names = new Set(entries.flatMap(({ schema, name }) => [`${schema}.${name}`, `${schema}.${name.split('(', 1)[0]}`]));
        await drop(connection, entries.flatMap(entry => dropStatement(entry) ?? []));
        await emptySchemas(connection, plan.detail.schemas, ({ schema, name }) => names.has(`${schema}.${name}`));
        await drop(connection, [
            ...plan.detail.extensions
                .filter(({ name }) => !facts.extensions.has(name))
                .map(({ name }) => `DROP EXTENSION IF EXISTS ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name)}`),
            ...entries
                .filter(({ type, name }) => type === 'SCHEMA' && !facts.schemas.has(name))
                .map(({ name }) => `DROP SCHEMA IF EXISTS ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name)}`),
        ]);
        if (plan.largeObjects.length > 0) {
            // There was none before: an empty target holds none.
            await connection.query('SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE pg_catalog.pg_has_role(lomowner, $1)', ['USAGE']);
        }
        return (await inspectTarget(connection)) === undefined;
    }
    catch (e_1) {
        env_1.error = e_1;
        env_1.hasError = true;
    }
    finally {
        const result_1 = remove_restored_disposeResources(env_1);
        if (result_1)
            await result_1;
    }
}

;// CONCATENATED MODULE: ./build/postgres/schema/sql-name.js
/** Names inside pg_dump's statements, for patterns that recognise their shapes. */
/** The source of a pattern that captures one name, quoted or not. */
const sql_name_NAME = String.raw `("(?:[^"]|"")*"|[^\s"(),;.]+)`;
/** Captures a schema, if there is one, and a name. */
const QUALIFIED_NAME = String.raw `(?:${sql_name_NAME}\.)?${sql_name_NAME}`;
function unquoted(name) {
    return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

;// CONCATENATED MODULE: ./build/postgres/restore/omissions.js
class Omissions {
    #missing = new Map();
    #foreign = new Map();
    #notes = new Set();
    #currentUser = '';
    /** `what` in the singular: `grant`. */
    missingRole(role, what) {
        omissions_count(this.#missing, role, what);
    }
    foreignRole(role, what, currentUser) {
        this.#currentUser = currentUser;
        omissions_count(this.#foreign, role, what);
    }
    note(message) {
        this.#notes.add(message);
    }
    problems() {
        return [
            ...[...this.#missing].map(([role, counts]) => ({
                severity: 'warning',
                message: `Role ${role} does not exist on the target. Left out: ${omissions_list(counts)}.`,
                hint: `Create the role (CREATE ROLE "${role.replaceAll('"', '""')}") before you restore, if it is needed.`,
            })),
            ...[...this.#foreign].map(([role, counts]) => ({
                severity: 'warning',
                message: `${this.#currentUser} may not act as role ${role}. Left out: ${omissions_list(counts)}.`,
                hint: `Restore as a superuser, or as a member of ${role}.`,
            })),
            ...[...this.#notes].map(message => ({ severity: 'warning', message })),
        ];
    }
}
function omissions_count(counts, role, what) {
    const ofRole = counts.get(role) ?? new Map();
    ofRole.set(what, (ofRole.get(what) ?? 0) + 1);
    counts.set(role, ofRole);
}
function omissions_list(counts) {
    return [...counts].map(([what, number]) => `${number} ${number === 1 ? what : plural(what)}`).join(', ');
}
function plural(what) {
    return what === 'policy' ? 'policies' : `${what}s`;
}

;// CONCATENATED MODULE: ./build/postgres/restore/entry-filter.js


const entry_filter_OWNER = new RegExp(String.raw `^ALTER\s.*\sOWNER TO ${sql_name_NAME}$`, 's');
const PRIVILEGE = new RegExp(String.raw `^(?:GRANT|REVOKE)\s.*\s(?:TO|FROM) ${sql_name_NAME}(?: WITH GRANT OPTION)?$`, 's');
const DEFAULT_PRIVILEGE = new RegExp(String.raw `^ALTER DEFAULT PRIVILEGES FOR ROLE ${sql_name_NAME} .*\s(?:TO|FROM) ${sql_name_NAME}(?: WITH GRANT OPTION)?$`, 's');
const USER_MAPPING = new RegExp(`^(?:CREATE|ALTER) USER MAPPING FOR ${sql_name_NAME} `);
const POLICY = new RegExp(`^(CREATE POLICY ${sql_name_NAME} ON ${QUALIFIED_NAME}(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO )(${sql_name_NAME}(?:, ${sql_name_NAME})*)`);
const AUTHORIZATION = new RegExp(`^SET SESSION AUTHORIZATION ${sql_name_NAME}$`);
const CREATE_SCHEMA = new RegExp(`^CREATE SCHEMA ${sql_name_NAME}$`);
const ON_SCHEMA = new RegExp(`^(?:ALTER SCHEMA|COMMENT ON SCHEMA|GRANT [A-Z, ]+ ON SCHEMA|REVOKE [A-Z, ]+ ON SCHEMA) ${sql_name_NAME} `);
const EXTENSION_COMMENT = new RegExp(`^COMMENT ON EXTENSION ${sql_name_NAME} IS`);
function createEntryFilter(facts) {
    const omissions = new Omissions();
    const adaptOne = (sql) => adaptStatement(sql, facts, omissions);
    return {
        adapt({ entry, statements }) {
            if (entry.type === 'SUBSCRIPTION' && facts.subscriptions.has(entry.name)) {
                omissions.note(`The target has a subscription ${entry.name}, which stays as it is.`);
                return [];
            }
            return withoutForeignGrantors(statements, facts, omissions).flatMap(sql => adaptOne(sql) ?? []);
        },
        adaptStatement: adaptOne,
        adaptTablespace(name) {
            if (name === '' || facts.tablespaces.has(name))
                return name;
            omissions.note(`Tablespace ${name} does not exist on the target: its tables lie in the default one.`);
            return '';
        },
        problems: () => omissions.problems(),
    };
}
function adaptStatement(sql, facts, omissions) {
    const schema = nameIn(ON_SCHEMA.exec(sql));
    if (schema !== undefined && facts.schemas.get(schema)?.ours === false) {
        omissions.note(`Schema ${schema} belongs to ${facts.schemas.get(schema)?.owner}: its owner, grants and comment stay.`);
        return undefined;
    }
    const owner = nameIn(entry_filter_OWNER.exec(sql));
    if (owner !== undefined)
        return canAssume(owner, facts, omissions, 'owner') ? sql : undefined;
    const grantee = nameIn(PRIVILEGE.exec(sql));
    if (grantee !== undefined)
        return exists(grantee, facts, omissions, 'grant') ? sql : undefined;
    const defaults = DEFAULT_PRIVILEGE.exec(sql);
    if (defaults !== null) {
        const [, granter = '', receiver = ''] = defaults;
        const applies = canAssume(unquoted(granter), facts, omissions, 'default privilege') &&
            exists(unquoted(receiver), facts, omissions, 'default privilege');
        return applies ? sql : undefined;
    }
    const mapped = nameIn(USER_MAPPING.exec(sql));
    if (mapped !== undefined)
        return exists(mapped, facts, omissions, 'user mapping') ? sql : undefined;
    if (sql.startsWith('CREATE POLICY'))
        return adaptPolicy(sql, facts, omissions);
    const created = nameIn(CREATE_SCHEMA.exec(sql));
    if (created !== undefined && facts.schemas.has(created))
        return undefined;
    const commented = nameIn(EXTENSION_COMMENT.exec(sql));
    if (commented !== undefined && facts.extensions.get(commented)?.ours === false) {
        omissions.note(`The comment on extension ${commented} was left out: another role owns the extension.`);
        return undefined;
    }
    return sql;
}
/** Without the roles that don't exist the policy means the same to those that do; a policy for nobody else is left out. */
function adaptPolicy(sql, facts, omissions) {
    const match = POLICY.exec(sql);
    if (match === null)
        return sql;
    const [all, head = '', , , , list = ''] = match;
    const roles = list.match(new RegExp(sql_name_NAME, 'g')) ?? [];
    const kept = roles.filter(role => exists(unquoted(role), facts, omissions, 'policy'));
    if (kept.length === 0)
        return undefined;
    return `${head}${kept.join(', ')}${sql.slice(all.length)}`;
}
/**
 * pg_dump makes a grant under the name of the role that made it. Where the restoring role can't be that one, it makes the
 * grant itself, or none if the grantor doesn't exist.
 */
function withoutForeignGrantors(statements, facts, omissions) {
    let granting = 'as is';
    return statements.flatMap(sql => {
        const grantor = nameIn(AUTHORIZATION.exec(sql));
        if (grantor !== undefined) {
            granting = grantor === 'DEFAULT' || facts.superuser ? 'as is' : 'ourselves';
            if (!exists(grantor, facts, omissions, 'grant'))
                granting = 'not';
            if (granting === 'ourselves')
                omissions.note(`Grants made by ${grantor} were made by ${facts.currentUser} instead.`);
            return granting === 'as is' ? [sql] : [];
        }
        if (sql === 'RESET SESSION AUTHORIZATION') {
            const before = granting;
            granting = 'as is';
            return before === 'as is' ? [sql] : [];
        }
        return granting === 'not' ? [] : [sql];
    });
}
function canAssume(role, facts, omissions, what) {
    const assumable = facts.roles.get(role);
    if (assumable === true)
        return true;
    if (assumable === undefined)
        omissions.missingRole(role, what);
    else
        omissions.foreignRole(role, what, facts.currentUser);
    return false;
}
function exists(role, facts, omissions, what) {
    if (role.toUpperCase() === 'PUBLIC' || facts.roles.has(role))
        return true;
    omissions.missingRole(role, what);
    return false;
}
function nameIn(match) {
    const name = match?.[1];
    return name === undefined ? undefined : unquoted(name);
}

// EXTERNAL MODULE: ./node_modules/pg-copy-streams/index.js
var pg_copy_streams = __webpack_require__(6901);
;// CONCATENATED MODULE: ./build/postgres/restore/load.js
/**
 * Rows into one table by `COPY … FROM stdin`. One table is always loaded by one connection in one transaction, its ranges in
 * order: so its rows lie afterwards in the order in which they were read, on which the proof rests. That holds only where the
 * table was created or truncated in the same transaction, for otherwise the server fills holes by the free space map.
 */






/** Bytes that go to the server in one message at least; smaller pieces are gathered. */
const WRITE_SIZE = 64 * sizes/* KiB */.ty;
/** Loads all segments of a table, inside the caller's transaction. Throws `mismatch` if the server counted other rows. */
async function loadTable(connection, load, context, options) {
    for (const range of load.ranges) {
        const sql = copyStatement(load.into, range, context.encoding, options.freeze);
        const count = await copyRows(connection, sql, copyBytes(range, context), `Loading ${range.segment.name}`, context);
        if (range.rows !== undefined && load.own && count !== range.rows) {
            throw new errors/* ComebackError */.U$('mismatch', `Loading ${range.segment.name}: the backup holds ${range.rows} rows, the server counted ${count}.`);
        }
    }
}
function copyStatement(into, range, encoding, freeze) {
    const { columns } = range.detail;
    const list = columns.length === 0 ? '' : ` (${columns.map(esm/* default.escapeIdentifier */.Ay.escapeIdentifier).join(', ')})`;
    const options = [`ENCODING ${esm/* default.escapeLiteral */.Ay.escapeLiteral(encoding)}`, ...(freeze ? ['FREEZE'] : [])];
    return `COPY ${qualified(into)}${list} FROM STDIN WITH (${options.join(', ')})`;
}
/** The COPY data proper: the segment without the SQL around it. */
async function* copyBytes(range, context) {
    const { segment, detail } = range;
    const end = segment.bytes - detail.tail;
    let position = 0;
    for await (const piece of context.backup.read(segment, context.signal)) {
        const start = Math.max(detail.head - position, 0);
        const stop = Math.min(end - position, piece.length);
        if (start < stop)
            yield piece.subarray(start, stop);
        position += piece.length;
        context.progress.advance(piece.length);
    }
}
/** Returns how many rows the server says it took. */
async function copyRows(connection, sql, bytes, what, { signal }) {
    const stream = (0,pg_copy_streams/* from */.H)(sql);
    let refused;
    let wake = () => { };
    // The stream tells of the server's refusal by an event, whether or not a write is under way.
    stream.on('error', error => {
        refused ??= error;
        wake(error);
    });
    const step = (start) => new Promise((resolve, reject) => {
        if (refused !== undefined)
            return reject(refused);
        wake = reject;
        start(error => (error ? reject(error) : resolve()));
    });
    connection.client.query(stream);
    try {
        for await (const piece of gathered(bytes))
            await step(done => stream.write(piece, done));
        await step(done => stream.end(done));
        return stream.rowCount;
    }
    catch (error) {
        signal.throwIfAborted();
        if (refused !== undefined)
            throw copyError(refused, what);
        // The bytes could not be read: the server must hear that no more will come, before anything else can be said to it.
        await new Promise(resolve => {
            stream.once('close', resolve);
            stream.destroy(new Error('the backup could not be read further'));
        });
        throw error;
    }
}
async function* gathered(bytes) {
    let pending = [];
    let size = 0;
    for await (const piece of bytes) {
        pending.push(piece);
        size += piece.length;
        if (size < WRITE_SIZE)
            continue;
        yield pending.length === 1 ? piece : Buffer.concat(pending, size);
        pending = [];
        size = 0;
    }
    if (size > 0)
        yield Buffer.concat(pending, size);
}
/** The server quotes the row that it refused (`COPY t, line 7, column c: "…"`); a log is no place for people's data. */
function copyError(error, what) {
    if (!(error instanceof esm/* default.DatabaseError */.Ay.DatabaseError))
        return serverError(error, what);
    const where = error.where?.split('\n', 1)[0]?.replace(/: ".*$/s, '');
    return fromFields({ message: error.message, code: error.code, detail: error.detail, hint: error.hint, where }, what, error);
}

;// CONCATENATED MODULE: ./build/postgres/detail.js
/**
 * What the database Source writes into the index for the Sink: the `detail` of each segment and of the whole backup.
 * Parsed on the way in, since an index may be years older than the program that reads it.
 */

const relation = dist/* object */.Ikc({ schema: dist/* string */.YjP(), name: dist/* string */.YjP() });
const page = dist/* pipe */.FsL(dist/* number */.aig(), dist/* integer */.ndf(), dist/* minValue */.Wwf(0));
/** One of pg_dump's entries, as a place in the segment's bytes. */
const schemaEntry = dist/* object */.Ikc({
    /** pg_dump's word: `TABLE`, `FK CONSTRAINT`, `ACL` … */
    type: dist/* string */.YjP(),
    schema: dist/* nullable */.mee(dist/* string */.YjP()),
    name: dist/* string */.YjP(),
    owner: dist/* nullable */.mee(dist/* string */.YjP()),
    /** Bytes into the segment, header comment included. */
    offset: page,
    length: page,
    /** Settings (`default_tablespace`, `default_table_access_method`) in force for the entry where they are not the default. */
    settings: dist/* record */.g1P(dist/* string */.YjP(), dist/* string */.YjP()),
});
const schemaDetail = dist/* object */.Ikc({
    kind: dist/* literal */.euz('schema'),
    section: dist/* picklist */.KIO(['pre-data', 'post-data']),
    entries: dist/* array */.YOg(schemaEntry),
});
/** COPY text of one table or of a range of its pages, between a `COPY … FROM stdin;` line and `\.`. */
const rowsDetail = dist/* object */.Ikc({
    kind: dist/* literal */.euz('rows'),
    /** The table read. */
    table: relation,
    /** The table to load: another one only where rows must go through the partition root. */
    into: relation,
    columns: dist/* array */.YOg(dist/* string */.YjP()),
    /** Bytes of SQL before and after the COPY data proper. */
    head: page,
    tail: page,
    /** Heap pages [from, to); `to` is null for the last range, both bounds for a table read whole are 0 and null. */
    from: page,
    to: dist/* nullable */.mee(page),
    /** `own`: all of the table's rows, it can be truncated first. `added`: they join rows that are there already (extensions' tables). */
    rows: dist/* picklist */.KIO(['own', 'added']),
});
/** Complete SQL statements, each on a line of its own. */
const scriptDetail = dist/* object */.Ikc({ kind: dist/* literal */.euz('script'), content: dist/* picklist */.KIO(['sequences', 'large-objects']) });
const segmentDetail = dist/* variant */.Oxt('kind', [schemaDetail, rowsDetail, scriptDetail]);
const databaseDetail = dist/* object */.Ikc({
    kind: dist/* literal */.euz('database'),
    /** `server_version_num`, 180004 for 18.4. */
    serverVersion: page,
    database: dist/* string */.YjP(),
    encoding: dist/* string */.YjP(),
    collate: dist/* string */.YjP(),
    ctype: dist/* string */.YjP(),
    schemaOnly: dist/* boolean */.zMY(),
    /** Tables whose rows were left out on request. */
    excludedData: dist/* array */.YOg(relation),
    extensions: dist/* array */.YOg(dist/* object */.Ikc({ name: dist/* string */.YjP(), version: dist/* string */.YjP(), schema: dist/* string */.YjP() })),
    /** The schemas that hold what is backed up, `public` among them. */
    schemas: dist/* array */.YOg(dist/* string */.YjP()),
    /** Rows by segment name. */
    rows: dist/* record */.g1P(dist/* string */.YjP(), page),
    /** What wrote the schema: `pg_dump 18.3 (bundled)`. */
    pgDump: dist/* string */.YjP(),
});
function parseSegmentDetail(detail) {
    return dist/* parse */.qgA(segmentDetail, detail);
}
function parseDatabaseDetail(detail) {
    return dist/* parse */.qgA(databaseDetail, detail);
}

;// CONCATENATED MODULE: ./build/postgres/restore/restore-plan.js
/** A backup sorted into what is done when. The order is that of pg_restore, since pg_dump writes for it. */





/** Bytes of schema text that are held in memory; a schema of 10,000 tables has about 20 MiB. */
const SCHEMA_LIMIT = 1024 * sizes/* MiB */.lv;
/** Reads the schema (not the rows) and sorts. Throws `damaged` if the details make no sense. */
async function planRestore(backup, progress, signal) {
    const { detail, segments } = parsed(backup);
    const entries = { 'pre-data': [], 'post-data': [] };
    const ranges = [];
    const scripts = { sequences: [], 'large-objects': [] };
    for (const { segment, part } of segments) {
        if (part.kind === 'schema')
            entries[part.section].push(...(await restore_plan_readEntries(backup, segment, part, progress, signal)));
        else if (part.kind === 'script')
            scripts[part.content].push(segment);
        else
            ranges.push({ segment, detail: part, rows: detail.rows[segment.name] });
    }
    const all = [...entries['pre-data'], ...entries['post-data']];
    return {
        detail,
        preData: entries['pre-data'].filter(({ entry }) => passOf(entry) === 'main'),
        loads: groupLoads(ranges.filter(range => range.detail.rows === 'own')).toSorted((a, b) => b.bytes - a.bytes),
        added: groupLoads(ranges.filter(range => range.detail.rows === 'added')),
        sequences: scripts.sequences,
        largeObjects: scripts['large-objects'],
        postData: entries['post-data'].filter(({ entry }) => passOf(entry) === 'main'),
        permissions: all.filter(({ entry }) => passOf(entry) === 'permissions'),
        last: all.filter(({ entry }) => passOf(entry) === 'last'),
    };
}
/** `TABLE public.users`, as messages name an entry. */
function entryName(entry) {
    return `${entry.type} ${entry.schema === null ? '' : `${entry.schema}.`}${entry.name}`;
}
function parsed(backup) {
    try {
        return {
            detail: parseDatabaseDetail(backup.detail),
            segments: backup.segments.map(segment => ({ segment, part: parseSegmentDetail(segment.detail) })),
        };
    }
    catch (cause) {
        throw new errors/* ComebackError */.U$('damaged', `The index of backup ${backup.id} does not describe a database.`, {
            hint: 'It was perhaps written by a newer version of Comeback. Try again with that one.',
            cause,
        });
    }
}
async function restore_plan_readEntries(backup, segment, part, progress, signal) {
    if (segment.bytes > SCHEMA_LIMIT) {
        throw new errors/* ComebackError */.U$('unsupported', `${segment.name} has ${segment.bytes} bytes, more than can be held in memory.`);
    }
    const pieces = [];
    for await (const piece of backup.read(segment, signal)) {
        pieces.push(piece);
        progress.advance(piece.length);
    }
    const text = Buffer.concat(pieces);
    if (!(0,external_node_buffer_.isUtf8)(text)) {
        // Only a database without an encoding has such a schema, and pg sends statements as UTF-8.
        throw new errors/* ComebackError */.U$('unsupported', `${segment.name} of backup ${backup.id} is not valid UTF-8.`, {
            hint: 'Export the backup, and restore its files with psql.',
        });
    }
    return part.entries
        .filter(entry => entry.type !== PREAMBLE)
        .map(entry => ({ entry, statements: statementsOf(text, entry) }));
}
/** pg_restore's three passes over an archive (`_tocEntryRestorePass` in pg_backup_archiver.c). */
function passOf({ type, name }) {
    if (type === 'ACL' || type === 'DEFAULT ACL')
        return 'permissions';
    if (type === 'EVENT TRIGGER' || type === 'MATERIALIZED VIEW DATA')
        return 'last';
    if ((type === 'COMMENT' || type === 'SECURITY LABEL') && name.startsWith('EVENT TRIGGER '))
        return 'last';
    return 'main';
}
function groupLoads(ranges) {
    const groups = Map.groupBy(ranges, ({ detail }) => JSON.stringify([detail.into.schema, detail.into.name]));
    return [...groups.values()].flatMap(group => {
        const [first] = group;
        if (first === undefined)
            return [];
        const own = group.every(({ detail }) => detail.rows === 'own' && isSame(detail.table, detail.into));
        return {
            into: first.detail.into,
            own,
            // A root's partitions keep the order in which they were read.
            ranges: own ? group.toSorted((a, b) => a.detail.from - b.detail.from) : group,
            bytes: group.reduce((sum, { segment }) => sum + segment.bytes, 0),
        };
    });
}
function isSame(a, b) {
    return a.schema === b.schema && a.name === b.name;
}

;// CONCATENATED MODULE: ./build/postgres/restore/run-entries.js
/** Runs a backup's schema entries on one connection, and says which of them the server refused. */






/** A batch is sent when it has this many statements or characters. */
const BATCH_STATEMENTS = 64;
const BATCH_LENGTH = 128 * sizes/* KiB */.ty;
/** Characters of a refused statement that the message repeats. */
const QUOTED_LENGTH = 200;
const CANNOT_RUN_IN_TRANSACTION = '25001';
const run_entries_OUT_OF_SHARED_MEMORY = '53200';
const DEADLOCK = '40P01';
const DEADLOCK_ATTEMPTS = 5;
/** The settings that an entry may ask for, with what holds where it doesn't. */
const ENTRY_SETTINGS = { default_tablespace: '', default_table_access_method: 'heap' };
/** In order, in batches; outside of a transaction each batch is one. Errors name the entry. */
async function runEntries(connection, planned, context) {
    let batch = [];
    let length = 0;
    const settings = new Map(Object.entries(ENTRY_SETTINGS));
    for (const one of planned) {
        const statements = context.filter.adapt(one);
        if (statements.length === 0)
            continue;
        for (const sql of [...changedSettings(settings, one.entry, context), ...statements]) {
            batch.push({ sql, entry: one.entry });
            length += sql.length;
        }
        if (batch.length < BATCH_STATEMENTS && length < BATCH_LENGTH)
            continue;
        await runItems(connection, batch, context);
        batch = [];
        length = 0;
    }
    const last = planned.at(-1);
    if (last !== undefined)
        batch.push(...changedBack(settings).map(sql => ({ sql, entry: last.entry })));
    await runItems(connection, batch, context);
}
/** One entry, each statement by itself: it holds its locks no longer than it must. */
async function runEntry(connection, planned, context) {
    const statements = context.filter.adapt(planned);
    if (statements.length === 0)
        return;
    const settings = new Map(Object.entries(ENTRY_SETTINGS));
    const changes = changedSettings(settings, planned.entry, context);
    for (const sql of [...changes, ...statements, ...changedBack(settings)]) {
        await runItems(connection, [{ sql, entry: planned.entry }], context);
    }
}
async function runItems(connection, items, context, attempt = 1) {
    context.signal.throwIfAborted();
    const failure = await runBatch(connection, items.map(item => item.sql));
    if (failure === undefined)
        return;
    context.signal.throwIfAborted();
    const { index, error } = failure;
    if (hasState(error, CANNOT_RUN_IN_TRANSACTION) && !context.atomic && items.length > 1) {
        // The batch was rolled back as a whole. One by one, each statement is a transaction of its own.
        for (const item of items)
            await runItems(connection, [item], context);
        return;
    }
    if (hasState(error, DEADLOCK) && !context.atomic && attempt < DEADLOCK_ATTEMPTS) {
        // Functions in an index may read tables that nobody can foresee. The victim was rolled back and simply tries again.
        return await runItems(connection, items, context, attempt + 1);
    }
    const item = items[index];
    throw item === undefined ? error : run_entries_refusal(item, error, context);
}
function run_entries_refusal({ sql, entry }, error, { atomic }) {
    const told = serverError(error, `Restoring ${entryName(entry)}`);
    const quote = sql.length <= QUOTED_LENGTH ? sql : `${sql.slice(0, QUOTED_LENGTH)}…`;
    const hint = atomic && hasState(error, run_entries_OUT_OF_SHARED_MEMORY)
        ? 'One transaction needs a lock for each table and index. Raise max_locks_per_transaction, or restore into an empty database.'
        : told.hint;
    return new errors/* ComebackError */.U$(told.code, `${told.message} The statement: ${quote}`, {
        hint,
        cause: error,
    });
}
function hasState(error, state) {
    return error instanceof esm/* default.DatabaseError */.Ay.DatabaseError && error.code === state;
}
function changedSettings(settings, entry, { filter }) {
    const wanted = { ...ENTRY_SETTINGS, ...entry.settings };
    return Object.entries(wanted).flatMap(([name, value]) => {
        const setting = name === 'default_tablespace' ? filter.adaptTablespace(value) : value;
        if (settings.get(name) === setting)
            return [];
        settings.set(name, setting);
        return [set(name, setting)];
    });
}
function changedBack(settings) {
    return Object.entries(ENTRY_SETTINGS).flatMap(([name, setting]) => settings.get(name) === setting ? [] : [set(name, setting)]);
}
function set(name, setting) {
    return `SET ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name)} = ${esm/* default.escapeLiteral */.Ay.escapeLiteral(setting)}`;
}

;// CONCATENATED MODULE: ./build/postgres/restore/run-script.js



const LINE_FEED = 0x0a;
/** Bytes of statements that are sent at once; one that is longer goes alone. */
const run_script_BATCH_SIZE = 256 * sizes/* KiB */.ty;
/** Statements at once: each large object is a lock until its transaction ends. */
const run_script_BATCH_STATEMENTS = 256;
async function runScript(connection, segment, filter, context) {
    let batch = [];
    let size = 0;
    const flush = async () => {
        const statements = batch;
        batch = [];
        size = 0;
        context.signal.throwIfAborted();
        const failure = await runBatch(connection, statements);
        if (failure === undefined)
            return;
        context.signal.throwIfAborted();
        throw serverError(failure.error, `Statement ${failure.index + 1} of a batch of ${segment.name}`);
    };
    for await (const line of lines(context.backup.read(segment, context.signal), context)) {
        const statement = line.trim().replace(/;$/, '');
        if (statement === '' || statement.startsWith('--'))
            continue;
        // Only these name roles; the others are long.
        const adapted = /^(?:ALTER|GRANT|REVOKE) /.test(statement) ? filter.adaptStatement(statement) : statement;
        if (adapted === undefined)
            continue;
        batch.push(adapted);
        size += adapted.length;
        if (size >= run_script_BATCH_SIZE || batch.length >= run_script_BATCH_STATEMENTS)
            await flush();
    }
    await flush();
}
async function* lines(bytes, { progress }) {
    let rest = [];
    for await (const piece of bytes) {
        let start = 0;
        for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, start)) {
            yield Buffer.concat([...rest, piece.subarray(start, end)]).toString('utf8');
            rest = [];
            start = end + 1;
        }
        if (start < piece.length)
            rest.push(piece.subarray(start));
        progress.advance(piece.length);
    }
    if (rest.length > 0)
        yield Buffer.concat(rest).toString('utf8');
}

;// CONCATENATED MODULE: ./build/postgres/restore/target-facts.js
async function targetFacts(connection) {
    // Before 16, membership was enough to SET ROLE and to give objects away.
    const assume = connection.serverVersion >= 160000 ? 'SET' : 'MEMBER';
    const [row] = await connection.query(`SELECT pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, current_user AS user,
            (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
            (SELECT json_object_agg(rolname, pg_catalog.pg_has_role(oid, $1)) FROM pg_catalog.pg_roles) AS roles,
            (SELECT json_object_agg(extname, json_build_object('schema', nspname, 'version', extversion,
                                    'ours', pg_catalog.pg_has_role(extowner, 'USAGE')))
               FROM pg_catalog.pg_extension JOIN pg_catalog.pg_namespace n ON n.oid = extnamespace) AS extensions,
            ARRAY(SELECT name::text FROM pg_catalog.pg_available_extensions) AS available,
            ARRAY(SELECT spcname::text FROM pg_catalog.pg_tablespace) AS tablespaces,
            (SELECT json_object_agg(nspname, json_build_object('owner', pg_catalog.pg_get_userbyid(nspowner),
                                    'ours', pg_catalog.pg_has_role(nspowner, 'USAGE')))
               FROM pg_catalog.pg_namespace
              WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') AS schemas,
            ARRAY(SELECT subname::text FROM pg_catalog.pg_subscription WHERE subdbid = d.oid) AS subscriptions
       FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`, [assume]);
    if (row === undefined)
        throw new Error('pg_database does not know the current database');
    return {
        version: connection.serverVersion,
        encoding: row.encoding,
        collate: row.collate,
        currentUser: row.user,
        superuser: row.superuser,
        roles: new Map(Object.entries(row.roles ?? {})),
        extensions: new Map(Object.entries(row.extensions ?? {})),
        available: new Set(row.available),
        tablespaces: new Set(row.tablespaces),
        schemas: new Map(Object.entries(row.schemas ?? {})),
        subscriptions: new Set(row.subscriptions),
    };
}

;// CONCATENATED MODULE: ./build/postgres/restore/restore-atomic.js







async function restoreAtomically(context) {
    const { connection, load } = context;
    await connection.query('BEGIN');
    try {
        const outcome = await replace(context);
        load.progress.phase('Committing');
        await restore_atomic_commit(connection);
        return outcome;
    }
    catch (error) {
        // After an abort there is no connection left; the server rolls back by itself.
        if (!load.signal.aborted)
            await connection.query('ROLLBACK').catch(() => connection.close());
        throw error;
    }
}
async function replace({ connection, plan, facts, load }) {
    const { progress, signal } = load;
    progress.phase('Emptying the target');
    const entries = [...plan.preData, ...plan.postData, ...plan.permissions, ...plan.last].map(({ entry }) => entry);
    const resetProblems = await resetTarget(connection, plan.detail, entries, facts);
    const filter = createEntryFilter(await targetFacts(connection));
    const schema = { filter, signal, atomic: true };
    progress.phase('Creating tables');
    await runEntries(connection, plan.preData, schema);
    progress.phase('Loading rows');
    // The tables were created in this very transaction: they need no TRUNCATE to keep the order of their rows.
    for (const table of plan.loads)
        await loadTable(connection, table, load, { freeze: table.own });
    for (const table of plan.added)
        await loadTable(connection, table, load, { freeze: false });
    for (const script of [...plan.largeObjects, ...plan.sequences])
        await runScript(connection, script, filter, load);
    progress.phase('Building indexes and constraints');
    await runEntries(connection, plan.postData, schema);
    await runEntries(connection, plan.permissions, schema);
    if (plan.last.length > 0)
        progress.phase('Filling materialized views');
    await runEntries(connection, plan.last, schema);
    return { lanes: [connection], problems: [...resetProblems, ...filter.problems()] };
}
async function restore_atomic_commit(connection) {
    try {
        await connection.query('COMMIT');
    }
    catch (error) {
        throw serverError(error, `Committing the restore into ${connection.description}`);
    }
}

;// CONCATENATED MODULE: ./build/postgres/restore/post-data.js

function postDataStages(planned) {
    const stages = [];
    for (const one of planned) {
        const kind = post_data_kindOf(one.entry);
        let stage = stages.at(-1);
        if (stage === undefined || (kind !== 'any' && !belongs(kind, stage.kind))) {
            stage = { kind: kind === 'any' || kind === 'attachment' ? 'serial' : kind, parallel: [], after: [] };
            stages.push(stage);
        }
        const isParallel = kind === stage.kind && kind !== 'serial';
        if (isParallel)
            stage.parallel.push(one);
        else
            stage.after.push(one);
    }
    return stages;
}
const ON_INDEX = new RegExp(`^CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?${sql_name_NAME} ON (?:ONLY )?${QUALIFIED_NAME} USING`);
const ALTERED = new RegExp(String.raw `^ALTER (?:FOREIGN )?TABLE (?:IF EXISTS )?(?:ONLY )?${QUALIFIED_NAME}\s`);
const REFERENCED = new RegExp(String.raw `\sREFERENCES ${QUALIFIED_NAME}\s*\(`);
/**
 * The tables that an index or constraint concerns, as `schema.name` without quotes: the one it is on, then the one it refers to.
 * Undefined if the statement has another shape.
 */
function tablesOf({ entry, statements }) {
    const [first = ''] = statements;
    if (entry.type === 'INDEX')
        return table(ON_INDEX.exec(first), 2);
    const altered = table(ALTERED.exec(first), 1);
    if (altered === undefined || entry.type !== 'FK CONSTRAINT')
        return altered;
    const referenced = table(REFERENCED.exec(first), 1);
    return referenced === undefined ? undefined : [...altered, ...referenced];
}
/** How `tablesOf` names a table. */
function tableKey(schema, name) {
    return JSON.stringify([schema, name]);
}
function post_data_kindOf({ type }) {
    if (type === 'INDEX' || type === 'CONSTRAINT' || type === 'CHECK CONSTRAINT')
        return 'indexes';
    if (type === 'FK CONSTRAINT')
        return 'foreign-keys';
    if (type === 'INDEX ATTACH')
        return 'attachment';
    return type === 'COMMENT' ? 'any' : 'serial';
}
function belongs(kind, stage) {
    return kind === stage || (kind === 'attachment' && stage === 'indexes');
}
function table(match, first) {
    const name = match?.[first + 1];
    if (name === undefined)
        return undefined;
    return [tableKey(unquoted(match?.[first] ?? ''), unquoted(name))];
}

;// CONCATENATED MODULE: ./build/postgres/restore/families.js

async function readFamilies(connection) {
    const links = await connection.query(`
    SELECT pn.nspname AS "parentSchema", p.relname AS parent, cn.nspname AS "childSchema", c.relname AS child
      FROM pg_catalog.pg_inherits i
      JOIN pg_catalog.pg_class p ON p.oid = i.inhparent JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
      JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
     WHERE p.relkind IN ('r', 'p', 'f')`);
    const up = new Map();
    const of = (table) => {
        let top = table;
        for (let next = up.get(top); next !== undefined; next = up.get(top))
            top = next;
        return top;
    };
    const parents = new Set();
    for (const link of links) {
        const parent = tableKey(link.parentSchema, link.parent);
        parents.add(parent);
        const [a, b] = [of(parent), of(tableKey(link.childSchema, link.child))];
        if (a !== b)
            up.set(b, a);
    }
    return { of, isParent: table => parents.has(table) };
}

;// CONCATENATED MODULE: ./build/postgres/restore/lane-tasks.js






function loadTasks({ plan, load }, filter, families) {
    const tables = plan.loads.map(table => {
        const into = tableKey(table.into.schema, table.into.name);
        const names = new Set([into, ...table.ranges.map(({ detail }) => tableKey(detail.table.schema, detail.table.name))]);
        const isRoot = families.isParent(into);
        const run = (connection) => inTransaction(connection, table, table.own ? [`TRUNCATE ONLY ${qualified(table.into)}`] : [], () => loadTable(connection, table, load, { freeze: table.own }));
        // A COPY reads the bounds of a partition from its parents, and so locks them.
        const family = `family ${families.of(into)}`;
        const locks = isRoot ? { shared: [], exclusive: [family] } : { shared: [family], exclusive: [into] };
        return { task: { weight: table.bytes, needs: [], ...locks, run }, tables: [...names], bytes: table.bytes };
    });
    const alone = (bytes, run) => ({
        task: { weight: bytes, needs: [], shared: [], exclusive: [], run },
        tables: [],
        bytes,
    });
    const scripts = [plan.largeObjects, plan.sequences].filter(segments => segments.length > 0);
    return [
        ...tables,
        ...(plan.added.length === 0 ? [] : [alone(sum(plan.added), connection => loadAdded(connection, plan.added, load))]),
        ...scripts.map(segments => alone(sum(segments), async (connection) => {
            for (const segment of segments)
                await runScript(connection, segment, filter, load);
        })),
    ];
}
async function loadAdded(connection, added, load) {
    for (const table of added) {
        await inTransaction(connection, table, [], () => loadTable(connection, table, load, { freeze: false }));
    }
}
/** A key is built before the plain indexes of its table, since it keeps them off anyway. */
function indexTasks(planned, loads, families, context) {
    const byTable = new Map(loads.flatMap(load => load.tables.map(table => [table, load])));
    return planned.map(one => {
        const [table] = tablesOf(one) ?? [];
        const load = table === undefined ? undefined : byTable.get(table);
        const isKey = one.entry.type !== 'INDEX';
        return {
            weight: (load?.bytes ?? 0) + (isKey ? 1 : 0),
            // A statement of unknown shape waits for everything.
            needs: table === undefined ? loads.map(each => each.task) : load === undefined ? [] : [load.task],
            ...indexLocks(table, isKey, families),
            run: connection => runEntry(connection, one, context),
        };
    });
}
function indexLocks(table, isKey, families) {
    if (table === undefined)
        return { shared: [], exclusive: [] };
    const family = `family ${families.of(table)}`;
    if (families.isParent(table))
        return { shared: [], exclusive: [family] };
    return isKey ? { shared: [family], exclusive: [table] } : { shared: [family, table], exclusive: [] };
}
function stageTasks(stage, families, context, loads) {
    if (stage.kind === 'indexes')
        return indexTasks(stage.parallel, [], families, context);
    const bytes = new Map(loads.flatMap(load => load.tables.map(table => [table, load.bytes])));
    // A foreign key keeps other ones off both its tables until it is checked.
    return stage.parallel.map(one => {
        const tables = tablesOf(one) ?? [];
        return {
            weight: tables.reduce((total, table) => total + (bytes.get(table) ?? 0), 0),
            needs: [],
            shared: [],
            exclusive: [...new Set(tables.map(table => families.of(table)))],
            run: connection => runEntry(connection, one, context),
        };
    });
}
/** `first` goes along with the `BEGIN`: with thousands of small tables, round trips are what takes the time. */
async function inTransaction(connection, { into }, first, work) {
    try {
        await connection.query(['BEGIN', ...first].join('; '));
        await work();
        await connection.query('COMMIT');
    }
    catch (error) {
        throw serverError(error, `Loading ${displayName(into)}`);
    }
}
function sum(of) {
    return of.reduce((total, { bytes }) => total + bytes, 0);
}

;// CONCATENATED MODULE: ./build/postgres/restore/restore-parallel.js
/**
 * Into an empty target by several lanes: tables; then rows, and indexes and keys of each table as soon as its rows are there;
 * then foreign keys; then the rest in pg_dump's order. If it fails, what was made is dropped again (`removeRestored`).
 */








/** A lane's own commits need not wait for the disk: the last one of all does, and the server writes in order. */
const LANE_SETTINGS = { synchronous_commit: 'off' };
async function restoreInParallel(context) {
    const { connection, plan, load, sessions } = context;
    const { progress, signal } = load;
    const filter = createEntryFilter(context.facts);
    const schema = { filter, signal, atomic: false };
    progress.phase('Creating tables');
    await runEntries(connection, plan.preData, schema);
    const families = await readFamilies(connection);
    const loads = loadTasks(context, filter, families);
    const [first, ...later] = stagesWithIndexesFirst(plan.postData);
    const indexes = first.kind === 'serial' ? [] : indexTasks(first.parallel, loads, families, schema);
    const { lanes, problems } = await openLanes(context, loads.length + indexes.length);
    const inLanes = (tasks) => runTasks(lanes, tasks, error => sessions.fail(error));
    progress.phase('Loading rows and building indexes');
    await inLanes([...loads.map(one => one.task), ...indexes]);
    await runEntries(connection, first.after, schema);
    for (const stage of later) {
        if (stage.kind !== 'serial') {
            progress.phase(stage.kind === 'indexes' ? 'Building indexes' : 'Checking foreign keys');
            await inLanes(stageTasks(stage, families, schema, loads));
        }
        else {
            progress.phase('Creating triggers, rules and policies');
        }
        await runEntries(connection, stage.after, schema);
    }
    await closePublic(connection, plan.detail, context.facts);
    await runEntries(connection, plan.permissions, schema);
    if (plan.last.length > 0)
        progress.phase('Filling materialized views');
    await runEntries(connection, plan.last, schema);
    await flush(connection);
    return { lanes, problems: [...problems, ...filter.problems()] };
}
/** No more lanes than there is work for, nor than the server has connections left. */
async function openLanes({ connection, sessions, lanes }, tasks) {
    const count = Math.max(1, Math.min(lanes, tasks));
    const more = await Promise.allSettled(Array.from({ length: count - 1 }, () => sessions.open(LANE_SETTINGS)));
    sessions.signal.throwIfAborted();
    const refused = more.flatMap(one => (one.status === 'rejected' ? [(0,errors/* asComebackError */.Mx)(one.reason)] : []));
    return {
        lanes: [connection, ...more.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))],
        problems: refused.slice(0, 1).map(error => ({
            severity: 'warning',
            message: `${refused.length} of ${count} lanes could not connect; the others did all the work: ${error.message}`,
            hint: 'Ask for fewer --lanes, or raise max_connections.',
        })),
    };
}
/** There is always a first stage of indexes, an empty one perhaps. */
function stagesWithIndexesFirst(planned) {
    const [first, ...rest] = postDataStages(planned);
    const none = { kind: 'indexes', parallel: [], after: [] };
    if (first === undefined)
        return [none];
    return first.kind === 'indexes' ? [first, ...rest] : [none, first, ...rest];
}
/** A commit that waits for the disk makes all those before it durable, if it has written anything. */
async function flush(connection) {
    await connection.query('SET synchronous_commit = on');
    await connection.query('SELECT pg_catalog.pg_current_xact_id()');
}

;// CONCATENATED MODULE: ./build/postgres/restore.js










/**
 * `atomic`: in one transaction the target becomes the backup, or stays exactly as it was. `parallel`: only into an empty
 * target; if it fails or is aborted, what was made is dropped again, and the error says whether that worked.
 *
 * Throws `not-empty`, `unsupported` (encoding, extensions), `permission`, `server-error` naming the entry, `mismatch`,
 * `connection`, `damaged`.
 */
function createDatabaseSink(options) {
    return { component: 'database', restore: (backup, progress, signal) => restore_restore(options, backup, progress, signal) };
}
async function restore_restore(options, backup, progress, outer) {
    const sessions = restoreSessions(options, outer);
    const result = await restoreWith(sessions, options, backup, progress).catch(async (error) => {
        await sessions.close().catch(closing => {
            throw alsoSaying(error, `The restore's connections may still be busy on the server: ${(0,errors/* asComebackError */.Mx)(closing).message}`);
        });
        throw error;
    });
    await sessions.close();
    return result;
}
async function restoreWith(sessions, options, backup, progress) {
    progress.phase('Looking at the target');
    const connection = await sessions.open();
    const mode = chooseMode(options.mode, await inspectTarget(connection), connection);
    const plan = await planRestore(backup, progress, sessions.signal);
    if (plan.detail.schemaOnly)
        progress.phase('The backup is schema-only: tables will come back without rows');
    const facts = await targetFacts(connection);
    const warnings = checkCompatibility(plan, facts, mode);
    const load = { backup, progress, signal: sessions.signal, encoding: textEncoding(plan) };
    const context = { target: options, sessions, connection, plan, facts, load, lanes: options.lanes };
    const outcome = mode === 'atomic' ? await restoreAtomically(context) : await emptyAgainOnFailure(context);
    progress.phase('Collecting statistics');
    const which = mode === 'atomic' ? 'all' : 'partitioned';
    const unanalyzed = await analyzeRestored(outcome.lanes, plan.detail.schemas, which);
    return {
        summary: summary(plan, connection, mode, outcome),
        problems: [...warnings, ...outcome.problems, ...unanalyzed],
    };
}
function chooseMode(wanted, contents, { description }) {
    if (contents === undefined || wanted === 'atomic')
        return wanted ?? 'parallel';
    throw new errors/* ComebackError */.U$('not-empty', `${description} is not empty: it holds ${describeContents(contents)}.`, {
        hint: 'Use --mode atomic to replace all of it in one transaction, or restore into an empty database.',
    });
}
async function emptyAgainOnFailure(context) {
    const { connection, sessions } = context;
    try {
        await connection.query(`SET synchronous_commit = ${LANE_SETTINGS.synchronous_commit}`);
        return await restoreInParallel(context);
    }
    catch (error) {
        sessions.fail(error);
        throw alsoSaying(error, await clearUp(context));
    }
}
function alsoSaying(error, more) {
    const { code, message, hint } = (0,errors/* asComebackError */.Mx)(error);
    return new errors/* ComebackError */.U$(code, `${message} ${more}`, { hint, cause: error });
}
async function clearUp({ target, sessions, plan, facts, connection }) {
    try {
        await sessions.close();
        if (await removeRestored(target, plan, facts))
            return 'What had been restored was dropped: the target is empty again.';
        return `The target ${connection.description} is left with a part of the backup.`;
    }
    catch (error) {
        const reason = (0,errors/* asComebackError */.Mx)(error).message;
        return `The target ${connection.description} is left with a part of the backup, which could not be dropped: ${reason}`;
    }
}
/** The Source reads text as UTF-8, but for a database without an encoding, whose bytes it takes as they are. */
function textEncoding({ detail }) {
    return detail.encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8';
}
function summary(plan, { description }, mode, { lanes }) {
    const tables = plan.preData.filter(({ entry }) => entry.type === 'TABLE').length;
    const rows = Object.values(plan.detail.rows).reduce((sum, count) => sum + count, 0);
    const how = mode === 'atomic' ? 'in one transaction' : `in ${lanes.length} lane${lanes.length === 1 ? '' : 's'}`;
    return [`${counted(tables, 'table')} and ${counted(rows, 'row')} restored into ${description}, ${how}.`];
}
function counted(count, what) {
    return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}

;// CONCATENATED MODULE: ./build/repository/keyring.js
/** The passphrase and everything derived from it, each derivation made once: one costs half a second by intent. */

class Keyring {
    #passphrase;
    #derived = new Map();
    /** The passphrase must have passed `checkPassphrase`. */
    constructor(passphrase) {
        this.#passphrase = passphrase;
    }
    /** Names the key without revealing it: 16 hex digits. */
    id() {
        return this.#once('id', () => (0,keys/* keyId */.xs)(this.#passphrase));
    }
    /** Begins to derive what will be asked for later; whether that fails is told then. */
    prepareId() {
        this.id().catch(() => undefined);
    }
    preparePack(salt, iterations) {
        this.pack(salt, iterations).catch(() => undefined);
    }
    /** An authentic manifest has named the key: that saves deriving its id. */
    isNamed(id) {
        this.#derived.set('id', Promise.resolve(id));
    }
    chain(idSalt, iterations) {
        return this.#once(`chain ${idSalt} ${iterations}`, () => (0,keys/* deriveChainKeys */.zC)(this.#passphrase, Buffer.from(idSalt, 'hex'), iterations));
    }
    pack(salt, iterations) {
        return this.#once(`pack ${salt} ${iterations}`, () => (0,keys/* derivePackKey */.ef)(this.#passphrase, Buffer.from(salt, 'hex'), iterations));
    }
    #once(name, derive) {
        const known = this.#derived.get(name);
        // The name says which derivation it is, and with it the type.
        if (known !== undefined)
            return known;
        const fresh = derive();
        this.#derived.set(name, fresh);
        return fresh;
    }
}

;// CONCATENATED MODULE: ./build/store/local-error.js
/** What the operating system refuses, in the terms of the store's contract. */

const FULL = {
    code: 'store-full',
    hint: 'Free some space there, raise the limit, or use another store. Nothing half-written was left.',
};
const REFUSED = {
    code: 'permission',
    hint: 'Let the user that runs this read and write that folder, or use another store.',
};
const PASSING = { code: 'store-unavailable', hint: 'Check the disk or network share that holds it.' };
const SHAPE = { code: 'failed', hint: 'Move what stands there out of the way, or use another store.' };
const MEANINGS = {
    ENOSPC: FULL,
    EDQUOT: FULL,
    // A limit of the process (`ulimit -f`) or of the file system (4 GiB on FAT).
    EFBIG: FULL,
    EACCES: REFUSED,
    EPERM: REFUSED,
    EROFS: REFUSED,
    EIO: PASSING,
    ESTALE: PASSING,
    ETIMEDOUT: PASSING,
    EHOSTDOWN: PASSING,
    ENOTCONN: PASSING,
    EBUSY: PASSING,
    EMFILE: PASSING,
    ENFILE: PASSING,
    EAGAIN: PASSING,
    ENOTDIR: SHAPE,
    EISDIR: SHAPE,
    EEXIST: SHAPE,
    ELOOP: SHAPE,
    ENAMETOOLONG: { code: 'failed', hint: 'Use a store with a shorter path.' },
};
/** `ENOSPC` and the like; undefined for what no system call threw. */
function local_error_systemCode(error) {
    return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
/** Runs what the text `write /backups/x` names; whatever it throws comes out as a `ComebackError`. */
async function attempting(action, run) {
    try {
        return await run();
    }
    catch (error) {
        const code = local_error_systemCode(error);
        if (code === undefined || error instanceof errors/* ComebackError */.U$)
            throw (0,errors/* asComebackError */.Mx)(error);
        const meaning = MEANINGS[code];
        const details = meaning === undefined ? { cause: error } : { hint: meaning.hint, cause: error };
        throw new errors/* ComebackError */.U$(meaning?.code ?? 'failed', `Could not ${action}: ${reason(error)}.`, details);
    }
}
/** Whether the action succeeded; false where it failed with one of these codes. */
async function tolerating(codes, run) {
    try {
        await run();
        return true;
    }
    catch (error) {
        if (codes.includes(local_error_systemCode(error) ?? ''))
            return false;
        throw error;
    }
}
/** Throws the signal's reason as a `ComebackError`. */
function checkCancelled(signal) {
    if (signal?.aborted)
        throw (0,errors/* asComebackError */.Mx)(signal.reason);
}
/** `ENOSPC: no space left on device, write` without the system call's arguments, which repeat the path. */
function reason(error) {
    return error instanceof Error ? error.message.replace(/, [a-z]+( '.*)?$/s, '') : String(error);
}

;// CONCATENATED MODULE: ./build/store/object-name.js
/**
 * Names of objects: parts of [A-Za-z0-9._-] joined by `/`, none of which begins with a dot. So no name can leave the store
 * (`..`), and names that begin with a dot are free for a store's own unfinished files.
 */

/** Leaves room for what stores put around a part in a file name, of which file systems allow 255 bytes. */
const PART_LIMIT = 200;
const PART = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
function isObjectName(name) {
    return name.split('/').every(part => part.length <= PART_LIMIT && PART.test(part));
}
/** Throws `usage` for what is no object name. */
function checkObjectName(name) {
    if (isObjectName(name))
        return;
    throw new errors/* ComebackError */.U$('usage', `${JSON.stringify(name)} is not a name that an object can have.`, {
        hint: 'Names are letters, digits, dots, dashes and underscores, in folders, with no part that begins with a dot.',
    });
}

;// CONCATENATED MODULE: ./build/store/local-folders.js
/** Folders of a local store: made durably, read without following links, swept of what killed processes left. */






/** Begins the names of unfinished files; no object's name begins with a dot. */
const UNFINISHED = '.comeback-';
const FOLDER_MODE = 0o700;
/** The parts' folders below the root, and the root itself. Each is durable before anything is put into it. */
async function makeFolders(root, parts) {
    let first;
    const made = await tolerating(['EEXIST'], async () => {
        first = await (0,promises_.mkdir)(root, { recursive: true, mode: FOLDER_MODE });
    });
    if (!made)
        throw inTheWay(root);
    if (first !== undefined) {
        for (let folder = root; folder.length >= first.length; folder = (0,external_node_path_.dirname)(folder))
            await flushFolder((0,external_node_path_.dirname)(folder));
    }
    for (let depth = 1; depth <= parts.length; depth++) {
        const folder = (0,external_node_path_.join)(root, ...parts.slice(0, depth));
        if (await tolerating(['EEXIST'], () => (0,promises_.mkdir)(folder, FOLDER_MODE)))
            await flushFolder((0,external_node_path_.dirname)(folder));
        else if (!(await (0,promises_.lstat)(folder)).isDirectory())
            throw inTheWay(folder);
    }
}
/** A new name in a folder survives a crash only once the folder is flushed; some file systems can't and needn't. */
async function flushFolder(folder) {
    const handle = await (0,promises_.open)(folder, external_node_fs_.constants.O_RDONLY);
    try {
        await tolerating(['EINVAL', 'ENOTSUP'], () => handle.sync());
    }
    finally {
        await handle.close();
    }
}
/** Whether the parts are folders below the root, none of them a link. */
async function areFolders(root, parts) {
    for (let depth = 1; depth <= parts.length; depth++) {
        const stats = await local_folders_presence((0,external_node_path_.join)(root, ...parts.slice(0, depth)));
        if (stats === undefined || !stats.isDirectory())
            return false;
    }
    return true;
}
/** Undefined if nothing is there. Links are not followed. */
async function local_folders_presence(path) {
    let stats;
    await tolerating(['ENOENT', 'ENOTDIR'], async () => {
        stats = await (0,promises_.lstat)(path);
    });
    return stats;
}
/** Folders and plain files, sorted; none if the folder is not there. */
async function folderEntries(folder) {
    const found = [];
    await tolerating(['ENOENT'], async () => {
        for await (const entry of await (0,promises_.opendir)(folder)) {
            if (entry.isDirectory() || entry.isFile())
                found.push({ name: entry.name, isFolder: entry.isDirectory() });
        }
    });
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}
/** Removes unfinished files last written before that time (ms), except where it may not look. */
async function sweep(folder, before) {
    let entries = [];
    await tolerating(['EACCES', 'EPERM', 'ENOTDIR'], async () => {
        entries = await folderEntries(folder);
    });
    for (const { name, isFolder } of entries) {
        const path = (0,external_node_path_.join)(folder, name);
        if (isFolder && isObjectName(name))
            await sweep(path, before);
        else if (!isFolder && name.startsWith(UNFINISHED)) {
            await attempting(`remove the unfinished ${path}`, async () => {
                const stats = await local_folders_presence(path);
                if (stats !== undefined && stats.mtimeMs < before)
                    await tolerating(['ENOENT'], () => (0,promises_.unlink)(path));
            });
        }
    }
}
function inTheWay(folder) {
    return new errors/* ComebackError */.U$('failed', `${folder} should be a folder of the store, but something else stands there.`, {
        hint: 'Move it out of the way, or use another folder as the store.',
    });
}

;// CONCATENATED MODULE: ./build/store/local-write.js
/**
 * Creation of a file, all of it or nothing: written under an unfinished name beside its place, flushed to the disk, and
 * only then given its name, in a way that fails if the name is taken.
 */







/** Between two looks at the signal. */
const local_write_WRITE_SIZE = 4 * sizes/* MiB */.lv;
const FILE_MODE = 0o600;
/** What file systems without hard links answer. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];
/** Durable when it resolves. Throws `already-exists`, or what the system throws, leaving nothing unfinished. */
async function createFile(target, body, hardLink, signal) {
    const unfinished = (0,external_node_path_.join)((0,external_node_path_.dirname)(target), `${UNFINISHED}${(0,external_node_crypto_.randomBytes)(8).toString('hex')}.tmp`);
    const handle = await (0,promises_.open)(unfinished, 'wx', FILE_MODE);
    try {
        try {
            for (const part of body)
                await writePart(handle, part, signal);
            await handle.sync();
        }
        finally {
            await handle.close();
        }
        checkCancelled(signal);
        await publish(unfinished, target, hardLink);
    }
    finally {
        await tolerating(['ENOENT'], () => (0,promises_.unlink)(unfinished));
    }
    await flushFolder((0,external_node_path_.dirname)(target));
}
async function writePart(handle, part, signal) {
    for (let written = 0; written < part.length;) {
        checkCancelled(signal);
        const { bytesWritten } = await handle.write(part, written, Math.min(part.length - written, local_write_WRITE_SIZE));
        written += bytesWritten;
    }
}
async function publish(unfinished, target, hardLink) {
    try {
        await hardLink(unfinished, target);
    }
    catch (error) {
        const code = local_error_systemCode(error) ?? '';
        if (code === 'EEXIST')
            throw alreadyExists(target, error);
        if (!NO_LINKS.includes(code))
            throw error;
        await publishGuarded(unfinished, target);
    }
}
/** A rename replaces what stands there, so a file that only one process can make guards the look and the rename. */
async function publishGuarded(unfinished, target) {
    const guard = (0,external_node_path_.join)((0,external_node_path_.dirname)(target), `${UNFINISHED}${(0,external_node_path_.basename)(target)}.lock`);
    const mine = await tolerating(['EEXIST'], async () => (await (0,promises_.open)(guard, 'wx', FILE_MODE)).close());
    if (!mine) {
        throw new errors/* ComebackError */.U$('store-unavailable', `${target} is being written by another process.`, {
            hint: `If none is running, delete ${guard}.`,
        });
    }
    try {
        if ((await local_folders_presence(target)) !== undefined)
            throw alreadyExists(target);
        await (0,promises_.rename)(unfinished, target);
    }
    finally {
        await (0,promises_.unlink)(guard);
    }
}
function alreadyExists(target, cause) {
    return new errors/* ComebackError */.U$('already-exists', `${target} exists already; a store never replaces an object.`, { cause });
}

;// CONCATENATED MODULE: ./build/store/local.js
/**
 * A folder as a store: `file:DIR`. Folders are made as needed, for their owner alone. Whatever an object's name could
 * name counts as one; files whose names begin with a dot do not.
 *
 * The folder itself may be a symbolic link (to a bigger disk, say); links inside it are neither followed nor listed.
 */









/** Each lane holds two. */
const PACK_SIZE = 8 * sizes/* MiB */.lv;
/** Between two looks at the signal. */
const local_READ_SIZE = 4 * sizes/* MiB */.lv;
/** An unfinished file this old (ms) was left by a process that was killed: a put takes seconds. */
const STALE = 24 * 60 * 60 * 1000;
/** Another process's delete may remove a folder that has become empty just before this one uses it. */
const FOLDER_ATTEMPTS = 5;
/** Reading from a folder that doesn't exist finds nothing; the first put makes it. */
function openLocalStore(directory, options = {}) {
    const root = (0,external_node_path_.resolve)(directory);
    const { packSize = PACK_SIZE, now = Date.now, link: hardLink = promises_.link } = options;
    let swept = false;
    return {
        location: `file:${directory}`,
        packSize,
        async *list(prefix, signal) {
            const parts = prefix.split('/').slice(0, -1);
            if (parts.length > 0 && !isObjectName(parts.join('/')))
                return;
            const exists = await attempting(`list ${root}`, () => areFolders(root, parts));
            if (exists)
                yield* walk(root, parts, prefix, signal);
        },
        async put(name, body, signal) {
            checkObjectName(name);
            checkCancelled(signal);
            await attempting(`write ${(0,external_node_path_.join)(root, name)}`, async () => {
                if (!swept)
                    await sweep(root, now() - STALE);
                swept = true;
                for (let attempt = 1;; attempt++) {
                    await makeFolders(root, name.split('/').slice(0, -1));
                    const codes = attempt < FOLDER_ATTEMPTS ? ['ENOENT'] : [];
                    if (await tolerating(codes, () => createFile((0,external_node_path_.join)(root, name), body, hardLink, signal)))
                        return;
                }
            });
        },
        async get(name, { range, limit, signal } = {}) {
            checkObjectName(name);
            checkCancelled(signal);
            return await attempting(`read ${(0,external_node_path_.join)(root, name)}`, async () => {
                const handle = await openObject(root, name);
                try {
                    const { size } = await handle.stat();
                    if (limit !== undefined && size > limit) {
                        throw local_damaged(root, name, `is ${size} bytes long, though it can't have more than ${limit}`);
                    }
                    return await readRange(handle, range ?? { offset: 0, length: size }, size, signal, problem => local_damaged(root, name, problem));
                }
                finally {
                    await handle.close();
                }
            });
        },
        async stat(name, signal) {
            checkObjectName(name);
            checkCancelled(signal);
            return await attempting(`look at ${(0,external_node_path_.join)(root, name)}`, async () => {
                const inFolders = await areFolders(root, name.split('/').slice(0, -1));
                const stats = inFolders ? await local_folders_presence((0,external_node_path_.join)(root, name)) : undefined;
                if (stats === undefined || !stats.isFile())
                    throw notFound(root, name);
                return { name, size: stats.size };
            });
        },
        async delete(name, signal) {
            checkObjectName(name);
            checkCancelled(signal);
            await attempting(`delete ${(0,external_node_path_.join)(root, name)}`, async () => {
                const parts = name.split('/').slice(0, -1);
                if (!(await areFolders(root, parts)))
                    return;
                await tolerating(['ENOENT'], () => (0,promises_.unlink)((0,external_node_path_.join)(root, name)));
                for (let depth = parts.length; depth > 0; depth--) {
                    const folder = (0,external_node_path_.join)(root, ...parts.slice(0, depth));
                    if (!(await tolerating(['ENOTEMPTY', 'EEXIST', 'ENOENT'], () => (0,promises_.rmdir)(folder))))
                        return;
                }
            });
        },
    };
}
async function* walk(root, parts, prefix, signal) {
    const folder = (0,external_node_path_.join)(root, ...parts);
    checkCancelled(signal);
    for (const entry of await attempting(`list ${folder}`, () => folderEntries(folder))) {
        checkCancelled(signal);
        const name = [...parts, entry.name].join('/');
        if (!isObjectName(name))
            continue;
        if (entry.isFolder) {
            if (`${name}/`.startsWith(prefix))
                yield* walk(root, [...parts, entry.name], prefix, signal);
        }
        else if (name.startsWith(prefix)) {
            const stats = await attempting(`look at ${(0,external_node_path_.join)(root, name)}`, () => local_folders_presence((0,external_node_path_.join)(root, name)));
            if (stats?.isFile())
                yield { name, size: stats.size };
        }
    }
}
async function openObject(root, name) {
    if (!(await areFolders(root, name.split('/').slice(0, -1))))
        throw notFound(root, name);
    try {
        // Without O_NONBLOCK, opening a pipe that lies there would wait for ever.
        const handle = await (0,promises_.open)((0,external_node_path_.join)(root, name), external_node_fs_.constants.O_RDONLY | external_node_fs_.constants.O_NOFOLLOW | external_node_fs_.constants.O_NONBLOCK);
        if ((await handle.stat()).isFile())
            return handle;
        await handle.close();
    }
    catch (error) {
        if (!['ENOENT', 'ELOOP', 'ENXIO'].includes(local_error_systemCode(error) ?? ''))
            throw error;
    }
    throw notFound(root, name);
}
async function readRange(handle, { offset, length }, size, signal, damage) {
    // Checked before the buffer is made, since the range may come from a damaged index.
    if (offset + length > size)
        throw damage(`ends after ${size} bytes, though ${offset + length} should be there`);
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let filled = 0; filled < length;) {
        checkCancelled(signal);
        const { bytesRead } = await handle.read(bytes, filled, Math.min(length - filled, local_READ_SIZE), offset + filled);
        if (bytesRead === 0)
            throw damage(`ended after ${offset + filled} bytes while it was being read`);
        filled += bytesRead;
    }
    return bytes;
}
function notFound(root, name) {
    return new errors/* ComebackError */.U$('not-found', `There is no ${(0,external_node_path_.join)(root, name)}.`);
}
function local_damaged(root, name, problem) {
    return new errors/* ComebackError */.U$('damaged', `${(0,external_node_path_.join)(root, name)} ${problem}.`, {
        hint: 'It was cut short, replaced or overwritten. Restore an older backup, or take the file from another copy of the store.',
    });
}

;// CONCATENATED MODULE: ./build/store/retry.js
/**
 * Retrying, in one place. Only `store-unavailable` is repeated: a store says by its codes what may pass. Waits grow
 * exponentially and are jittered, so that lanes that failed together don't come back together.
 */


const retry_ATTEMPTS = 6;
/** Milliseconds; each further wait is twice as long, up to the longest. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 20_000;
/** The same store, patient. Throws what the last try threw; `cancelled` when the signal aborts during a wait. */
function withRetry(store, options = {}) {
    const { attempts = retry_ATTEMPTS, sleep = sleepFor, random = Math.random, onRetry } = options;
    /** Waits after a failed try, or throws on. */
    async function pause(error, attempt, signal) {
        if (!(0,errors/* hasCode */.up)(error, 'store-unavailable') || attempt >= attempts)
            throw error;
        const longest = Math.min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT);
        const milliseconds = Math.round(longest * (0.5 + random() / 2));
        onRetry?.({ error, attempt, wait: milliseconds });
        if (signal?.aborted)
            throw (0,errors/* asComebackError */.Mx)(signal.reason);
        try {
            await sleep(milliseconds, signal);
        }
        catch (interruption) {
            throw (0,errors/* asComebackError */.Mx)(interruption);
        }
    }
    async function repeating(signal, run) {
        for (let attempt = 1;; attempt++) {
            try {
                return await run(attempt);
            }
            catch (error) {
                await pause(error, attempt, signal);
            }
        }
    }
    return {
        location: store.location,
        packSize: store.packSize,
        async *list(prefix, signal) {
            // A listing that breaks off is begun again; what was yielded before is not yielded twice.
            const yielded = new Set();
            for (let attempt = 1;; attempt++) {
                const before = yielded.size;
                try {
                    yield* unlisted(store.list(prefix, signal), yielded);
                    return;
                }
                catch (error) {
                    // A long listing that gets further each time has not failed so often in a row.
                    if (yielded.size > before)
                        attempt = 1;
                    await pause(error, attempt, signal);
                }
            }
        },
        put: (name, body, signal) => repeating(signal, async (attempt) => {
            try {
                await store.put(name, body, signal);
            }
            catch (error) {
                // The try before may have stored the object and lost only the answer.
                const mine = attempt > 1 && (0,errors/* hasCode */.up)(error, 'already-exists') && (await holds(store, name, body, signal));
                if (!mine)
                    throw error;
            }
        }),
        get: (name, get = {}) => repeating(get.signal, () => store.get(name, get)),
        stat: (name, signal) => repeating(signal, () => store.stat(name, signal)),
        delete: (name, signal) => repeating(signal, () => store.delete(name, signal)),
    };
}
async function* unlisted(objects, yielded) {
    for await (const object of objects) {
        if (yielded.has(object.name))
            continue;
        yielded.add(object.name);
        yield object;
    }
}
async function holds(store, name, body, signal) {
    const length = body.reduce((sum, part) => sum + part.length, 0);
    const { size } = await store.stat(name, signal);
    if (size !== length)
        return false;
    const there = await store.get(name, { limit: length, ...(signal === undefined ? {} : { signal }) });
    let offset = 0;
    for (const part of body) {
        if (Buffer.compare(there.subarray(offset, offset + part.length), part) !== 0)
            return false;
        offset += part.length;
    }
    return true;
}
function sleepFor(milliseconds, signal) {
    return (0,external_node_timers_promises_.setTimeout)(milliseconds, undefined, signal === undefined ? {} : { signal });
}

// EXTERNAL MODULE: ./build/version.js
var version = __webpack_require__(8508);
;// CONCATENATED MODULE: ./build/job.js
/**
 * The composition root: parsed options and what the edge knows (key, environment, signal) become adapters, the engine runs,
 * a report comes back. The only file that names concrete adapters.
 */




















const MAX_LANES = 4;
const FILE_STORE = 'file:';
const REVIEW_FOLDER = 'config-review';
/** Throws a `ComebackError`; of several components backed up, the failed ones stand in the report instead. */
async function runJob(command, options, context) {
    context.signal.throwIfAborted();
    switch (command.verb) {
        case 'backup':
            return backUp(command.components, options, context);
        case 'restore':
            return restore({
                moment: parseMoment(command.at),
                component: command.component,
                store: openStore(options.store, context),
                // The sink first: a target that is not even named is the quicker error.
                sink: openSink(command.component, options, context),
                keyring: new Keyring(await needKey(keyPlace(options, context))),
                now,
                progress: context.progress,
                signal: context.signal,
            });
        case 'list': {
            const passphrase = await findKey(keyPlace(options, context));
            const keyring = passphrase === undefined ? undefined : new Keyring(passphrase);
            return list(openStore(options.store, context), command.components, keyring, context.signal);
        }
        case 'export':
            return exportBackup({
                moment: parseMoment(command.at),
                component: command.component,
                store: openStore(options.store, context),
                target: openLocalStore((0,external_node_path_.resolve)(context.cwd, needFolder(options.into))),
                keyring: new Keyring(await needKey(keyPlace(options, context))),
                level: options.level,
                progress: context.progress,
                signal: context.signal,
            });
        case 'key': {
            const place = keyPlace(options, context);
            if (command.action === 'show-id')
                return { command: 'key', keyId: await (0,keys/* keyId */.xs)(await needKey(place)) };
            return { command: 'key', keyId: await (0,keys/* keyId */.xs)(await makeKey(place)), file: options.keyFile };
        }
    }
}
async function backUp(components, options, context) {
    // All of them first: one that lacks its options must not be found out after another has run for an hour.
    const sources = components.map(component => openSource(component, options, context));
    const store = openStore(options.store, context);
    const keyring = new Keyring(await findOrMakeKey(options, context));
    const backups = [];
    for (const source of sources) {
        const { component } = source;
        const outcome = await backup({
            store,
            keyring,
            source,
            ...(options.source === undefined ? {} : { sourceName: options.source }),
            codec: options.codec,
            level: options.level,
            full: options.full,
            fullEvery: options.fullEvery,
            tools: { comeback: version/* VERSION */.x, node: process.version },
            now,
            progress: context.progress,
            signal: context.signal,
        }).catch((reason) => {
            // Backups that were made before it stand, and must be told of.
            if (backups.length === 0)
                throw reason;
            const { code, message, hint } = (0,errors/* asComebackError */.Mx)(reason);
            return { status: 'failed', component, error: { code, message, hint } };
        });
        backups.push(outcome);
        context.progress({ type: 'done', component });
        if (context.signal.aborted)
            break;
    }
    return { command: 'backup', store: store.location, backups };
}
async function findOrMakeKey(options, context) {
    const place = keyPlace(options, context);
    const found = await findKey(place);
    if (found !== undefined)
        return found;
    const made = await makeKey(place);
    context.progress({
        type: 'notice',
        message: `A new key was written to ${options.keyFile}. Without it no backup can ever be read: keep a copy of it NOW, somewhere else than the backups (a password manager, say).`,
    });
    return made;
}
function openSource(component, options, { cwd, environment }) {
    switch (component) {
        case 'database':
            return createDatabaseSource({
                url: needDatabase(options.databaseUrl, 'DATABASE_URL (or --database-url)'),
                connectTimeout: options.connectTimeout,
                lanes: options.lanes ?? defaultLanes(),
                schemaOnly: options.schemaOnly,
                excludeTableData: options.excludeTableData,
                ...(options.pgDump === undefined ? {} : { pgDump: (0,external_node_path_.resolve)(cwd, options.pgDump) }),
            });
        case 'files':
            if (options.files.length === 0)
                throw missing('files', '--files', 'the folders or globs to back up');
            return createFilesSource({
                root: cwd,
                include: options.files,
                exclude: [...options.exclude, ...ownPaths(options, cwd)],
            });
        case 'config':
            if (options.configFiles.length === 0 && options.configEnv.length === 0) {
                throw missing('config', '--config-files or --config-env', 'the files or environment variables to back up');
            }
            return createConfigSource({ root: cwd, files: options.configFiles, env: options.configEnv, environment });
    }
}
/** Our own files below the folder that is backed up: a backup of backups grows without end, and the key must not be in it. */
function ownPaths(options, cwd) {
    const store = options.store.startsWith(FILE_STORE) ? [options.store.slice(FILE_STORE.length)] : [];
    return [...store, options.keyFile, options.logDir, REVIEW_FOLDER]
        .map(path => (0,external_node_path_.resolve)(cwd, path))
        .filter(path => path.startsWith((0,external_node_path_.join)(cwd, external_node_path_.sep)));
}
function openSink(component, options, { cwd, environment }) {
    switch (component) {
        case 'database':
            return createDatabaseSink({
                url: needDatabase(options.targetUrl ?? options.databaseUrl, '--target-url (or DATABASE_URL)'),
                connectTimeout: options.connectTimeout,
                lanes: options.lanes ?? defaultLanes(),
                mode: options.mode,
            });
        case 'files':
            return createFilesSink({ directory: (0,external_node_path_.resolve)(cwd, options.into ?? '.'), overwrite: options.overwrite });
        case 'config':
            return createConfigSink({
                directory: (0,external_node_path_.resolve)(cwd, options.into ?? REVIEW_FOLDER),
                root: cwd,
                environment,
                showValues: false,
            });
    }
}
function openStore(location, { cwd }) {
    if (location.startsWith(FILE_STORE) && location.length > FILE_STORE.length) {
        return withRetry(openLocalStore((0,external_node_path_.resolve)(cwd, location.slice(FILE_STORE.length))));
    }
    throw new errors/* ComebackError */.U$('usage', `--store ${location} is not a store that this version knows.`, {
        hint: 'Write file:DIR, for example file:./backups.',
    });
}
function needDatabase(url, where) {
    if (url !== undefined && url !== '')
        return url;
    throw new errors/* ComebackError */.U$('usage', 'No database is named.', {
        hint: `Set ${where} to a URL such as postgresql://user:password@host:5432/name.`,
    });
}
function needFolder(into) {
    if (into !== undefined)
        return into;
    throw new errors/* ComebackError */.U$('usage', 'The export needs a folder.', { hint: 'Name a new one with --into DIR.' });
}
function missing(component, option, what) {
    return new errors/* ComebackError */.U$('usage', `The component ${component} needs ${option}.`, {
        hint: `Name ${what}, or back up a single component: comeback backup database.`,
    });
}
function keyPlace(options, { key, cwd, ci }) {
    return { given: key, file: (0,external_node_path_.resolve)(cwd, options.keyFile), ci };
}
function defaultLanes() {
    return Math.min(MAX_LANES, Math.max(2, (0,external_node_os_.availableParallelism)()));
}
function now() {
    return new Date();
}


/***/ }),

/***/ 8508:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   x: () => (/* binding */ VERSION)
/* harmony export */ });
/** Held equal to package.json by a test: a bundle has no package.json to read. */
const VERSION = '0.1.0';


/***/ })

};

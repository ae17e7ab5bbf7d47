export const id = 844;
export const ids = [844];
export const modules = {

/***/ 3813:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   Ci: () => (/* binding */ PROOF_CODES),
/* harmony export */   QZ: () => (/* binding */ worst),
/* harmony export */   Vj: () => (/* binding */ verdictOf),
/* harmony export */   ui: () => (/* binding */ CHECKS)
/* harmony export */ });
const CHECKS = [
    'restore',
    'rows',
    'schema',
    'sequences',
    'large-objects',
    'constraints',
    'indexes',
    'extensions',
    'amcheck',
    'files',
    'assertions',
];
/** Stable: scripts may rely on them. What each means for the verdict stands in `PROOF_CODES`. */
const PROOF_CODES = {
    'backup-damaged': 'failed',
    'restore-failed': 'failed',
    'rows-differ': 'failed',
    'rows-missing': 'failed',
    'rows-extra': 'failed',
    'table-missing': 'failed',
    'schema-differs': 'failed',
    'schema-missing': 'failed',
    'schema-extra': 'failed',
    'sequence-differs': 'failed',
    'large-object-differs': 'failed',
    'constraint-invalid': 'failed',
    'index-invalid': 'failed',
    'index-corrupt': 'failed',
    'table-corrupt': 'failed',
    'assertion-failed': 'failed',
    'assertion-threshold': 'failed',
    'file-missing': 'failed',
    'file-differs': 'failed',
    'file-extra': 'failed',
    'no-server': 'could-not-verify',
    'wrong-major': 'could-not-verify',
    'extension-unavailable': 'could-not-verify',
    'locale-unavailable': 'could-not-verify',
    'entry-skipped': 'could-not-verify',
    'schema-not-comparable': 'could-not-verify',
    'assertion-error': 'could-not-verify',
    'migration-failed': 'failed',
    'migration-not-run': 'could-not-verify',
    'never-verified': 'could-not-verify',
    interrupted: 'could-not-verify',
    'store-unavailable': 'could-not-verify',
    'check-failed': 'could-not-verify',
    'migration-errors': 'note',
    'rows-reordered': 'note',
    'columns-moved': 'note',
    'table-shrank': 'note',
    'extension-version': 'note',
    'not-cleared': 'note',
    'not-last-verified': 'note',
    'partial-backup': 'note',
    'target-differs': 'note',
};
/** What the verdict is when these are the verdicts of its parts. */
function worst(verdicts) {
    return ['failed', 'could-not-verify'].find(verdict => verdicts.includes(verdict)) ?? 'verified';
}
function verdictOf(findings) {
    return worst(findings.map(({ code }) => (PROOF_CODES[code] === 'note' ? 'verified' : PROOF_CODES[code])));
}


/***/ }),

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
 * Names of backups: `20261123T020000Z-7f3a91`, UTC time to the second, then its fraction in 4096ths, so that names sort by time
 * even where a restore is undone a moment after it was made, and 12 random bits, so that two runs begun in the same moment
 * don't meet. No colons: artifact names forbid them.
 */


const PATTERN = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-[0-9a-f]{6}$/;
/** Of a second's fraction, and as many random ones. */
const BITS = 12;
function newBackupId(now, random = node_crypto__WEBPACK_IMPORTED_MODULE_0__.randomBytes) {
    const fraction = Math.floor(((now.getTime() % 1000) / 1000) * 2 ** BITS);
    const chance = Buffer.from(random(2)).readUInt16BE() % 2 ** BITS;
    return `${stamp(now)}-${(fraction * 2 ** BITS + chance).toString(16).padStart(6, '0')}`;
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
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
    const time = new Date(0);
    time.setUTCFullYear(year, month - 1, day);
    time.setUTCHours(hour, minute, second);
    // Date moves what is none, such as 31 February. Compared by numbers: a store is asked this of each of its objects, several times.
    const isReal = time.getUTCFullYear() === year &&
        time.getUTCMonth() === month - 1 &&
        time.getUTCDate() === day &&
        time.getUTCHours() === hour &&
        time.getUTCMinutes() === minute &&
        time.getUTCSeconds() === second;
    return isReal ? time : undefined;
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
const MAX_ITERATIONS = 2_000_000;
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
    return { mac: (0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.createSecretKey)(key('mac')), id: (0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.createSecretKey)(key('id')), gear: key('gear'), source: key('source') };
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
/* harmony export */   _m: () => (/* binding */ isAuthentic),
/* harmony export */   e8: () => (/* binding */ holdsOf)
/* harmony export */ });
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(7598);
/* harmony import */ var canonicalize__WEBPACK_IMPORTED_MODULE_7__ = __webpack_require__(8799);
/* harmony import */ var valibot__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(7934);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(9473);
/* harmony import */ var _backup_id_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(6606);
/* harmony import */ var _keys_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(1532);
/* harmony import */ var _record_text_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(6525);
/* harmony import */ var _sizes_js__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(7060);
/**
 * The manifest: the small record of a backup that makes it exist. JSON in the clear, since a store must be listed and pruned
 * without trying keys, and authenticated: `mac` is the HMAC-SHA256, under the chain's mac key, of the RFC 8785 canonical form
 * of everything else in it. Unknown fields are refused, so there is nothing in a manifest that the MAC doesn't cover or that
 * this version doesn't understand; another field would be a new format version.
 */








const COMPONENTS = ['database', 'files', 'config'];
/** What is written; both are read. */
const FORMAT = 2;
/** Bytes. Enough for some 100,000 packs; anything longer is refused before it is read. */
const MANIFEST_LIMIT = 16 * _sizes_js__WEBPACK_IMPORTED_MODULE_5__/* .MiB */ .lv;
const hex = (bytes) => valibot__WEBPACK_IMPORTED_MODULE_6__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_6__/* .string */ .YjP(), valibot__WEBPACK_IMPORTED_MODULE_6__/* .regex */ .yGV(new RegExp(`^[0-9a-f]{${2 * bytes}}$`)));
const size = valibot__WEBPACK_IMPORTED_MODULE_6__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_6__/* .number */ .aig(), valibot__WEBPACK_IMPORTED_MODULE_6__/* .safeInteger */ .Y2b(), valibot__WEBPACK_IMPORTED_MODULE_6__/* .minValue */ .Wwf(0));
/**
 * Anybody can write one that will be printed. The longest that a version of ours has written, a command, is shorter. The
 * canonical form has no place for lone surrogates.
 */
const text = valibot__WEBPACK_IMPORTED_MODULE_6__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_6__/* .string */ .YjP(), valibot__WEBPACK_IMPORTED_MODULE_6__/* .maxLength */ .Ru6(2000), valibot__WEBPACK_IMPORTED_MODULE_6__/* .check */ .z6Y(value => value.isWellFormed(), 'not valid Unicode'));
const time = valibot__WEBPACK_IMPORTED_MODULE_6__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_6__/* .string */ .YjP(), valibot__WEBPACK_IMPORTED_MODULE_6__/* .regex */ .yGV(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/), valibot__WEBPACK_IMPORTED_MODULE_6__/* .check */ .z6Y(value => !Number.isNaN(Date.parse(value)), 'no time'));
const backupId = valibot__WEBPACK_IMPORTED_MODULE_6__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_6__/* .string */ .YjP(), valibot__WEBPACK_IMPORTED_MODULE_6__/* .check */ .z6Y(_backup_id_js__WEBPACK_IMPORTED_MODULE_2__/* .isBackupId */ ["if"], 'no backup id'));
/** Goes into paths and URLs: no separators, no `..`. */
const objectName = valibot__WEBPACK_IMPORTED_MODULE_6__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_6__/* .string */ .YjP(), valibot__WEBPACK_IMPORTED_MODULE_6__/* .maxLength */ .Ru6(200), valibot__WEBPACK_IMPORTED_MODULE_6__/* .regex */ .yGV(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/));
const iterations = valibot__WEBPACK_IMPORTED_MODULE_6__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_6__/* .number */ .aig(), valibot__WEBPACK_IMPORTED_MODULE_6__/* .integer */ .ndf(), valibot__WEBPACK_IMPORTED_MODULE_6__/* .minValue */ .Wwf(1), valibot__WEBPACK_IMPORTED_MODULE_6__/* .maxValue */ .cGV(_keys_js__WEBPACK_IMPORTED_MODULE_3__/* .MAX_ITERATIONS */ .ad));
const storedObject = valibot__WEBPACK_IMPORTED_MODULE_6__/* .strictObject */ .rej({
    /** Relative to the backup's folder. */
    name: objectName,
    /** Bytes as stored. */
    size,
    /** Of the bytes as stored. */
    sha256: hex(32),
});
const HOLDS = ['all', 'some-rows', 'structure'];
const fields = valibot__WEBPACK_IMPORTED_MODULE_6__/* .strictObject */ .rej({
    /** 1 has neither `store` nor `holds`. */
    format: valibot__WEBPACK_IMPORTED_MODULE_6__/* .picklist */ .KIO([1, FORMAT]),
    component: valibot__WEBPACK_IMPORTED_MODULE_6__/* .picklist */ .KIO(COMPONENTS),
    id: backupId,
    /** When the snapshot was taken, ISO 8601 in UTC. */
    time,
    /** `failed` is a placeholder. */
    status: valibot__WEBPACK_IMPORTED_MODULE_6__/* .picklist */ .KIO(['complete', 'partial', 'failed']),
    full: valibot__WEBPACK_IMPORTED_MODULE_6__/* .boolean */ .zMY(),
    /** Whether its own files, decrypted in name order, are the whole component. */
    stock: valibot__WEBPACK_IMPORTED_MODULE_6__/* .boolean */ .zMY(),
    /** The backup whose chunks were known when this one was made. */
    base: valibot__WEBPACK_IMPORTED_MODULE_6__/* .nullable */ .mee(backupId),
    /** The full backup that began the chain (its own id where `full`); null for a placeholder that has none. */
    chain: valibot__WEBPACK_IMPORTED_MODULE_6__/* .nullable */ .mee(backupId),
    /** First 16 bytes of HMAC-SHA256(source key, identity). */
    source: hex(16),
    codec: valibot__WEBPACK_IMPORTED_MODULE_6__/* .picklist */ .KIO(['gzip', 'zstd']),
    cipher: valibot__WEBPACK_IMPORTED_MODULE_6__/* .literal */ .euz('aes-256-cbc'),
    kdf: valibot__WEBPACK_IMPORTED_MODULE_6__/* .strictObject */ .rej({ name: valibot__WEBPACK_IMPORTED_MODULE_6__/* .literal */ .euz('pbkdf2-hmac-sha256'), iterations, salt: hex(8) }),
    idSalt: hex(16),
    keyId: hex(8),
    /** All that was read; what of it was new; what the backup's own objects take. */
    bytes: valibot__WEBPACK_IMPORTED_MODULE_6__/* .strictObject */ .rej({ plain: size, new: size, stored: size }),
    /** Its own packs. */
    objects: valibot__WEBPACK_IMPORTED_MODULE_6__/* .array */ .YOg(storedObject),
    /** The encrypted index, with its size before compression; null for a placeholder with nothing to build on. */
    index: valibot__WEBPACK_IMPORTED_MODULE_6__/* .nullable */ .mee(valibot__WEBPACK_IMPORTED_MODULE_6__/* .strictObject */ .rej({ ...storedObject.entries, plain: size })),
    /** Older backups' packs that this one refers to, with what decrypts them. */
    leansOn: valibot__WEBPACK_IMPORTED_MODULE_6__/* .array */ .YOg(valibot__WEBPACK_IMPORTED_MODULE_6__/* .strictObject */ .rej({ backup: backupId, salt: hex(8), iterations, objects: valibot__WEBPACK_IMPORTED_MODULE_6__/* .array */ .YOg(storedObject) })),
    /** When the store itself drops the first object that it needs, as far as that is known. */
    expires: valibot__WEBPACK_IMPORTED_MODULE_6__/* .nullable */ .mee(time),
    /** What made it, name to version. */
    tools: valibot__WEBPACK_IMPORTED_MODULE_6__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_6__/* .record */ .g1P(text, text), valibot__WEBPACK_IMPORTED_MODULE_6__/* .check */ .z6Y(tools => Object.keys(tools).length <= 100, 'too many tools')),
    /** The shell commands that restore its own files with stock tools; null where they don't suffice. */
    decrypt: valibot__WEBPACK_IMPORTED_MODULE_6__/* .nullable */ .mee(text),
    /** Why a placeholder is one: an error code. */
    reason: valibot__WEBPACK_IMPORTED_MODULE_6__/* .nullable */ .mee(text),
    /** Made of a restore's target before it was touched; absent from every other backup. */
    purpose: valibot__WEBPACK_IMPORTED_MODULE_6__/* .optional */ .lqM(valibot__WEBPACK_IMPORTED_MODULE_6__/* .literal */ .euz('safety')),
    /**
     * The store that it was made for: an id that all of its backups share, drawn when the first was made, and the first 16 bytes
     * of HMAC(source key, where that store was). Objects may be copied anywhere; this goes with them.
     */
    store: valibot__WEBPACK_IMPORTED_MODULE_6__/* .optional */ .lqM(valibot__WEBPACK_IMPORTED_MODULE_6__/* .strictObject */ .rej({ id: hex(16), place: hex(16) })),
    holds: valibot__WEBPACK_IMPORTED_MODULE_6__/* .optional */ .lqM(valibot__WEBPACK_IMPORTED_MODULE_6__/* .picklist */ .KIO(HOLDS)),
    mac: hex(32),
});
const manifest = valibot__WEBPACK_IMPORTED_MODULE_6__/* .pipe */ .FsL(fields, valibot__WEBPACK_IMPORTED_MODULE_6__/* .check */ .z6Y(({ format, store, holds }) => (store !== undefined) === format > 1 && (holds !== undefined) === format > 1, 'its fields are those of another version'));
/** Those of format 1 don't say it; where no pack of theirs is one of rows, there are no rows. */
function holdsOf({ holds, status, component, objects, leansOn }) {
    if (holds !== undefined)
        return holds;
    // Of a failed run nobody knows what it would have held.
    if (component !== 'database' || status === 'failed')
        return 'all';
    const files = [...objects, ...leansOn.flatMap(({ objects }) => objects)];
    return files.some(({ name }) => /^\d+-data-/.test(name)) ? 'all' : 'structure';
}
/** The manifest as it is stored. */
function sealManifest(unsealed, macKey) {
    // A record that this program couldn't read back must not be written, so it is parsed before it leaves.
    const sealed = valibot__WEBPACK_IMPORTED_MODULE_6__/* .parse */ .qgA(manifest, { ...unsealed, mac: macOf(unsealed, macKey).toString('hex') });
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
    const format = valibot__WEBPACK_IMPORTED_MODULE_6__/* .safeParse */ .xLC(valibot__WEBPACK_IMPORTED_MODULE_6__/* .object */ .Ikc({ format: valibot__WEBPACK_IMPORTED_MODULE_6__/* .pipe */ .FsL(valibot__WEBPACK_IMPORTED_MODULE_6__/* .number */ .aig(), valibot__WEBPACK_IMPORTED_MODULE_6__/* .integer */ .ndf(), valibot__WEBPACK_IMPORTED_MODULE_6__/* .minValue */ .Wwf(FORMAT + 1)) }), json);
    if (format.success) {
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('unsupported', `"${name}" has format version ${format.output.format}; this program reads 1 to ${FORMAT}.`, {
            hint: 'Use the version of Comeback that made the backup, or a newer one.',
        });
    }
    const parsed = valibot__WEBPACK_IMPORTED_MODULE_6__/* .safeParse */ .xLC(manifest, json);
    if (!parsed.success)
        throw damaged(name, (0,_record_text_js__WEBPACK_IMPORTED_MODULE_4__/* .describeIssue */ .n6)(parsed.issues[0]));
    if (!(0,_record_text_js__WEBPACK_IMPORTED_MODULE_4__/* .holdsAllOf */ .HF)(bytes, parsed.output))
        throw damaged(name, 'a field stands in it twice, or has a name that none has');
    return parsed.output;
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
        .update((0,canonicalize__WEBPACK_IMPORTED_MODULE_7__/* ["default"] */ .A)(unsealed) ?? '')
        .digest();
}
function parseJson(bytes, name) {
    try {
        return (0,_record_text_js__WEBPACK_IMPORTED_MODULE_4__/* .parseRecordText */ .yX)(bytes);
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

/***/ 6525:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   HF: () => (/* binding */ holdsAllOf),
/* harmony export */   n6: () => (/* binding */ describeIssue),
/* harmony export */   yX: () => (/* binding */ parseRecordText)
/* harmony export */ });
/* unused harmony export shortened */
/* harmony import */ var valibot__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(7934);
/**
 * Records that are read before anyone can say who wrote them: manifests and proofs. What is in them is kept from costing much
 * more than their size does, and from being printed at length.
 */

/** Braces and brackets one in another; a record of ours has four. Parsing much deeper ones takes many times their size in memory. */
const DEPTH = 16;
/** Characters of what is said about a record, or of a text in one. */
const SAID = 200;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const BRACKETS = { open: 0x5b, close: 0x5d };
const BRACES = { open: 0x7b, close: 0x7d };
/** Throws an Error for what is no JSON in UTF-8, or is nested deeper than any record. */
function parseRecordText(bytes) {
    checkDepth(bytes);
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
}
/**
 * Whether the value holds every member that the text has: none twice, of which a reader takes one and another the other, and none
 * by a name such as `__proto__`, which a schema passes over. What is not in the value no MAC covers.
 */
function holdsAllOf(bytes, value) {
    let members = 0;
    outsideOfStrings(bytes, byte => {
        if (byte === COLON)
            members++;
    });
    return members === membersOf(value);
}
function membersOf(value) {
    if (typeof value !== 'object' || value === null)
        return 0;
    const inner = Object.values(value);
    return inner.reduce((sum, item) => sum + membersOf(item), Array.isArray(value) ? 0 : inner.length);
}
/** A text that somebody else chose, for a message. */
function shortened(text) {
    return text.length <= SAID ? text : `${text.slice(0, SAID)}...`;
}
/** What is wrong, and where: both may quote the record. */
function describeIssue(issue) {
    return `at "${shortened(valibot__WEBPACK_IMPORTED_MODULE_0__/* .getDotPath */ .BuJ(issue) ?? '')}": ${shortened(issue.message)}`;
}
function checkDepth(bytes) {
    let depth = 0;
    outsideOfStrings(bytes, byte => {
        if (byte === BRACKETS.open || byte === BRACES.open) {
            if (++depth > DEPTH)
                throw new Error(`It is nested deeper than ${DEPTH}.`);
        }
        else if (byte === BRACKETS.close || byte === BRACES.close)
            depth--;
    });
}
function outsideOfStrings(bytes, look) {
    let quoted = false;
    for (let at = 0; at < bytes.length; at++) {
        const byte = bytes[at] ?? 0;
        if (quoted) {
            if (byte === BACKSLASH)
                at++;
            else if (byte === QUOTE)
                quoted = false;
        }
        else if (byte === QUOTE)
            quoted = true;
        else
            look(byte);
    }
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

/***/ 2713:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   E: () => (/* binding */ makeFolderSync),
/* harmony export */   f: () => (/* binding */ makeFolder)
/* harmony export */ });
/* harmony import */ var node_fs__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(3024);
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(1455);
/* harmony import */ var node_path__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(6760);
/**
 * `mkdir -p`. Node's own never ends where a folder's child is refused with ENOENT though the folder is there, as in /proc and
 * on some network drives: neither a signal nor a time limit gets through to it.
 */



/** The outermost folder that had to be made; undefined if all were there. Throws what the system says of the one that it refuses. */
async function makeFolder(path, mode) {
    const missing = [];
    for (let at = path; !(await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_1__.stat)(at).catch(absent)); at = (0,node_path__WEBPACK_IMPORTED_MODULE_2__.dirname)(at))
        missing.unshift(at);
    for (const folder of missing) {
        // Somebody else may have made it just now.
        await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_1__.mkdir)(folder, mode).catch(async (error) => {
            if (!(await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_1__.stat)(folder).catch(absent))?.isDirectory())
                throw error;
        });
    }
    if (missing.length === 0 && !(await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_1__.stat)(path)).isDirectory())
        await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_1__.mkdir)(path, mode);
    return missing[0];
}
/** As `makeFolder`. */
function makeFolderSync(path, mode) {
    const missing = [];
    for (let at = path; !present(at); at = (0,node_path__WEBPACK_IMPORTED_MODULE_2__.dirname)(at))
        missing.unshift(at);
    for (const folder of missing) {
        try {
            (0,node_fs__WEBPACK_IMPORTED_MODULE_0__.mkdirSync)(folder, mode);
        }
        catch (error) {
            if (!present(folder)?.isDirectory())
                throw error;
        }
    }
    if (missing.length === 0 && !(0,node_fs__WEBPACK_IMPORTED_MODULE_0__.statSync)(path).isDirectory())
        (0,node_fs__WEBPACK_IMPORTED_MODULE_0__.mkdirSync)(path, mode);
    return missing[0];
}
function present(path) {
    try {
        return (0,node_fs__WEBPACK_IMPORTED_MODULE_0__.statSync)(path);
    }
    catch (error) {
        return absent(error);
    }
}
function absent(error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // The root is always there.
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
        throw error;
}


/***/ }),

/***/ 3614:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   Jt: () => (/* binding */ flag),
/* harmony export */   TM: () => (/* binding */ OPTION_NAMES),
/* harmony export */   cz: () => (/* binding */ optionsOf),
/* harmony export */   hU: () => (/* binding */ VERBS),
/* harmony export */   ht: () => (/* binding */ variablesOf),
/* harmony export */   i9: () => (/* binding */ kebab),
/* harmony export */   lw: () => (/* binding */ OPTIONS)
/* harmony export */ });
const VERBS = [
    'backup',
    'restore',
    'verify',
    'list',
    'status',
    'report',
    'check',
    'prune',
    'export',
    'copy',
    'import',
    'init',
    'key',
];
const ALL = VERBS;
const WITH_NOTICES = ['backup', 'restore', 'verify', 'status', 'check', 'prune', 'copy'];
const WITH_STORE = [
    'backup',
    'restore',
    'verify',
    'list',
    'status',
    'report',
    'check',
    'prune',
    'export',
    'copy',
    'import',
];
const WITH_LOG = ['backup', 'restore', 'verify', 'check', 'prune', 'export', 'copy', 'import'];
function keep(what) {
    return {
        type: 'integer',
        placeholder: 'N',
        min: 1,
        max: 100_000,
        verbs: ['backup', 'prune', 'copy'],
        help: `Keep ${what}.`,
    };
}
/** In the order in which help and README show them. */
const TABLE = {
    store: {
        type: 'string',
        placeholder: 'LOCATION',
        default: 'file:./backups',
        verbs: [...WITH_STORE, 'init'],
        help: 'Where the backups are: file:DIR, s3://BUCKET/PREFIX, or artifact:OWNER/REPO for the artifacts of a GitHub repository.',
    },
    s3Endpoint: {
        type: 'string',
        placeholder: 'URL',
        alsoFrom: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
        verbs: [...WITH_STORE, 'init'],
        help: 'The server of the bucket, if it is not Amazon: https://ACCOUNT.r2.cloudflarestorage.com, say.',
    },
    s3Region: {
        type: 'string',
        placeholder: 'NAME',
        alsoFrom: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
        verbs: [...WITH_STORE, 'init'],
        help: 'The region of the bucket.',
    },
    s3PathStyle: {
        type: 'flag',
        verbs: [...WITH_STORE, 'init'],
        help: 'Put the name of the bucket into the path, as MinIO and Ceph want it, not into the name of the host.',
    },
    githubToken: {
        type: 'string',
        placeholder: 'TOKEN',
        alsoFrom: ['GITHUB_TOKEN', 'GH_TOKEN'],
        secret: 'value',
        verbs: WITH_STORE,
        help: 'Token for the artifacts of a GitHub repository. Reading needs the right actions: read, pruning actions: write. Better in the environment.',
    },
    artifactBranch: {
        type: 'string',
        placeholder: 'BRANCH',
        verbs: WITH_STORE,
        help: 'Artifacts count only where a run on this branch made them: the default branch, where others may push to branches and not to it. Without it, those of all runs of the repository’s own code do.',
    },
    allowPublicArtifacts: {
        type: 'flag',
        verbs: ['backup', 'restore', 'copy', 'init'],
        help: 'Keep backups as artifacts of a public repository, where anyone who is signed in can download them. They stay encrypted.',
    },
    keyFile: {
        type: 'string',
        placeholder: 'FILE',
        default: '.backup_key',
        verbs: ALL,
        help: 'File that holds the key. The variable COMEBACK_KEY, which holds the key itself, goes before it.',
    },
    databaseUrl: {
        type: 'string',
        placeholder: 'URL',
        alsoFrom: ['DATABASE_URL'],
        secret: 'url',
        verbs: ['backup', 'restore'],
        help: 'The database: postgresql://user:password@host:5432/name. Better in the environment, as other users of a machine can read arguments.',
    },
    targetUrl: {
        type: 'string',
        placeholder: 'URL',
        secret: 'url',
        verbs: ['restore', 'verify'],
        help: 'The database to restore into, if it is another one than --database-url. For verify an empty one on a server that may be thrown away.',
    },
    mode: {
        type: 'choice',
        choices: ['atomic', 'swap', 'parallel'],
        verbs: ['restore'],
        help: 'How a database is restored. atomic: replaces it in one transaction, all or nothing. swap: fills a new one beside it, checks it, and exchanges their names; the old one is kept. parallel: fills an empty one through several lanes. Without it, parallel into an empty database, atomic over any other.',
    },
    into: {
        type: 'string',
        placeholder: 'DIR',
        verbs: ['restore', 'export'],
        help: 'Folder that restored or exported files go to. Without it, files are restored into the working directory, beside what it holds.',
    },
    from: {
        type: 'string',
        placeholder: 'DIR|LOCATION',
        verbs: ['import', 'copy'],
        help: 'Of import, the folder of the old shell scripts, with database, files and config in it; without it ./tmp/backups. Of copy, the store that the backups come from; without it that of --store.',
    },
    to: {
        type: 'string',
        placeholder: 'LOCATION',
        verbs: ['copy'],
        help: 'The store that the backups go to.',
    },
    kdfIterations: {
        type: 'integer',
        placeholder: 'N',
        min: 1,
        max: 10_000_000,
        verbs: ['import', 'restore'],
        help: 'The -iter of openssl in the old scripts, if it was not its own, 10000.',
    },
    legacyKdf: {
        type: 'flag',
        verbs: ['import', 'restore'],
        help: 'The old scripts called openssl without -pbkdf2.',
    },
    overwrite: {
        type: 'flag',
        verbs: ['restore', 'init'],
        help: 'Replace what exists already. Of files, what was there is kept; a folder named with --into becomes exactly the backup.',
    },
    include: {
        type: 'list',
        placeholder: 'GLOB...',
        verbs: ['restore'],
        help: 'Restore only these of the files, such as uploads/2026; the folder keeps the rest of what it holds.',
    },
    showValues: {
        type: 'flag',
        verbs: ['restore'],
        help: 'Write the values of environment variables into the review folder, too. Only on a terminal.',
    },
    endSessions: {
        type: 'flag',
        verbs: ['restore'],
        help: 'End the sessions of others that keep a database from being swapped, in the moment of the swap, or from being discarded.',
    },
    discard: {
        type: 'string',
        placeholder: 'NAME',
        verbs: ['restore'],
        help: 'Remove what an earlier restore kept of the former state, by the name that it gave. It must be repeated with --confirm.',
    },
    files: {
        type: 'list',
        placeholder: 'GLOB...',
        verbs: ['backup', 'init'],
        help: 'Folders or globs that make up the component files.',
    },
    exclude: { type: 'list', placeholder: 'GLOB...', verbs: ['backup', 'init'], help: 'Globs to leave out of them.' },
    configFiles: {
        type: 'list',
        placeholder: 'GLOB...',
        verbs: ['backup', 'init'],
        help: 'Files or globs that make up the component config.',
    },
    configEnv: {
        type: 'list',
        placeholder: 'NAME...',
        verbs: ['backup', 'init'],
        help: "Environment variables that belong to it, by name or pattern such as 'SMTP_*'.",
    },
    dryRun: {
        type: 'flag',
        verbs: ['restore', 'prune', 'copy'],
        help: 'Show what would be done, and do nothing.',
    },
    confirm: {
        type: 'string',
        placeholder: 'NAME',
        verbs: ['restore', 'verify'],
        help: 'The name of the database or folder that may be replaced or removed, typed by whoever wants it. For verify, of a disposable database that is not on this machine or network.',
    },
    undo: {
        type: 'flag',
        verbs: ['restore'],
        help: 'Bring back what the target held before the last restore: the newest safety backup of it.',
    },
    includeSafety: {
        type: 'flag',
        verbs: ['restore', 'export', 'copy'],
        help: 'Let latest, a day or a time mean a safety backup, too. An id always may.',
    },
    safetyStore: {
        type: 'string',
        placeholder: 'LOCATION',
        verbs: ['restore'],
        help: 'Where the backup of the target goes that is made before a restore touches it. Without it, into --store.',
    },
    noSafetyBackup: {
        type: 'flag',
        verbs: ['restore'],
        help: 'Make none. The name of the target must be given with --confirm.',
    },
    tables: {
        type: 'list',
        placeholder: 'PATTERN...',
        verbs: ['restore'],
        help: "Restore these tables, views and sequences alone, such as users or 'shop.*' (without a schema: those in public), each with its partitions, columns' sequences, indexes, constraints, triggers, policies, comments and grants. Types and functions that they need must be there.",
    },
    schemas: {
        type: 'list',
        placeholder: 'PATTERN...',
        verbs: ['restore'],
        help: 'Restore these schemas alone, with everything in them. What else the database holds stays.',
    },
    schemaOnly: {
        type: 'flag',
        verbs: ['backup', 'restore'],
        help: 'Back up, or restore, the structure of the database without its rows.',
    },
    dataOnly: {
        type: 'flag',
        verbs: ['restore'],
        help: 'Replace rows and sequences of tables that are there, in one transaction. Their columns must be those of the backup; foreign keys are checked at the end, triggers do not fire.',
    },
    createRoles: {
        type: 'flag',
        verbs: ['restore'],
        help: 'Create roles that the backup names and the server lacks, without login. Otherwise what belongs to them belongs to whoever restores.',
    },
    databaseSettings: {
        type: 'flag',
        verbs: ['restore'],
        help: "Apply what the backup's database had besides its contents: settings (of roles in it, too), who may connect, comment, connection limit and owner. What the target has beyond that stays. Otherwise it is named.",
    },
    tolerate: {
        type: 'flag',
        verbs: ['restore'],
        help: 'Restore a database also where the server refuses some object (a foreign key with orphans, an index, a view): what cannot be made is left out and listed with the statement that makes it later, a table whose type the target does not have with its rows, and the run ends with 3. Without it that is so for all of a backup in the modes parallel and swap, with the rows of every table; in atomic nothing is changed.',
    },
    excludeTableData: {
        type: 'list',
        placeholder: 'PATTERN...',
        verbs: ['backup'],
        help: "Tables to back up without their rows, such as 'audit.*'.",
    },
    lanes: {
        type: 'integer',
        placeholder: 'N',
        min: 1,
        max: 64,
        verbs: ['backup', 'restore', 'verify'],
        help: 'Database connections to use side by side. Without it, as many as there are cores, from 2 to 4.',
    },
    retentionDays: {
        type: 'integer',
        placeholder: 'DAYS',
        default: '30',
        min: 1,
        max: 3650,
        alsoFrom: ['RETENTION_DAYS'],
        verbs: ['backup', 'restore', 'prune', 'init'],
        help: 'How many days a backup is kept.',
    },
    keepLast: keep('so many of the newest backups (backup with --prune, prune), or copy these and no others'),
    keepHourly: keep('the newest backup of each of so many hours that hold one'),
    keepDaily: keep('the newest backup of each of so many days that hold one'),
    keepWeekly: keep('the newest backup of each of so many weeks that hold one'),
    keepMonthly: keep('the newest backup of each of so many months that hold one'),
    keepYearly: keep('the newest backup of each of so many years that hold one'),
    prune: {
        type: 'flag',
        verbs: ['backup'],
        help: 'When all that was to be backed up is complete, remove what retention lets go, as prune --apply does.',
    },
    apply: { type: 'flag', verbs: ['prune'], help: 'Remove what the plan says. Without it the plan is only shown.' },
    unauthenticated: {
        type: 'flag',
        verbs: ['prune', 'copy'],
        help: 'Without a key, believe what records claim: whoever can write to the store then decides what prune removes, and which backups a rule has copied.',
    },
    at: {
        type: 'string',
        placeholder: 'WHEN',
        verbs: ['verify', 'copy'],
        help: 'Which backup: latest, a day, a time or an id, as restore has it. Without it, verify takes the latest, with --migrate the latest that was verified, and copy takes all.',
    },
    disposable: {
        type: 'flag',
        verbs: ['verify'],
        help: 'Says that the server of --target-url may be thrown away. Without it nothing is restored there.',
    },
    assertions: {
        type: 'string',
        placeholder: 'DIR',
        verbs: ['verify'],
        help: 'Folder of .sql files, each a query that must return true, or no rows, of the restored database.',
    },
    migrate: {
        type: 'string',
        placeholder: 'COMMAND',
        verbs: ['verify'],
        help: 'Run this command against the restored database, with DATABASE_URL set to it, and report what it did. It can read what this process can, the key too: code of others runs behind --gate-from.',
    },
    gateInto: {
        type: 'string',
        placeholder: 'DIR',
        verbs: ['verify'],
        help: 'Leave the restored database standing, and write into this new folder what goes on from there.',
    },
    gateFrom: {
        type: 'string',
        placeholder: 'DIR',
        verbs: ['verify'],
        help: 'Go on from there, with neither key nor store: assertions and migrations run against that database, and it is dropped.',
    },
    recorded: {
        type: 'flag',
        verbs: ['verify'],
        help: 'Restore nothing: show the last proof that the store has a record of. It needs no key.',
    },
    badge: {
        type: 'string',
        placeholder: 'DIR',
        verbs: ['verify'],
        help: 'Folder to write badge.json, for shields.io, and badge.svg into.',
    },
    html: {
        type: 'string',
        placeholder: 'FILE',
        verbs: ['report'],
        help: 'The file that the page is written to.',
    },
    read: { type: 'flag', verbs: ['check'], help: 'Read every object and check its bytes, too.' },
    readPercent: {
        type: 'integer',
        placeholder: 'N',
        min: 1,
        max: 100,
        verbs: ['check'],
        help: 'Read so many percent of the objects, others each day, so that all are read in time.',
    },
    maxAge: {
        type: 'ages',
        placeholder: 'AGES',
        max: '3650d',
        verbs: ['status'],
        help: 'Fail if the last good backup of a component is older: 26h, or "database=26h files=8d config=32d".',
    },
    maxProofAge: {
        type: 'ages',
        placeholder: 'AGES',
        max: '3650d',
        verbs: ['status'],
        help: 'Fail if the last backup that was restored and compared was proved longer ago, or never; written alike.',
    },
    quota: {
        type: 'size',
        placeholder: 'SIZE',
        verbs: ['status'],
        help: 'Fail if the store holds more than 500MB, 2GB or 10GiB; warn if it will within 30 days.',
    },
    full: { type: 'flag', verbs: ['backup'], help: 'Store everything again and lean on no older backup.' },
    fullEvery: {
        type: 'duration',
        placeholder: 'DURATION',
        default: '30d',
        max: '3650d',
        verbs: ['backup'],
        help: 'How old the last full backup may be before the next one is full again.',
    },
    source: {
        type: 'string',
        placeholder: 'NAME',
        verbs: ['backup', 'import'],
        help: 'A name for what is backed up, so that it is known again after it moved to another server or folder.',
    },
    pgDump: {
        type: 'string',
        placeholder: 'PATH',
        verbs: ['backup', 'restore', 'verify'],
        help: "The pg_dump to use; bundled for the one inside. Without it, one of the server's own major that the machine has is used if it is as new as the bundled one.",
    },
    codec: {
        type: 'choice',
        choices: ['gzip', 'zstd'],
        default: 'gzip',
        verbs: ['backup', 'import'],
        help: 'How to compress.',
    },
    level: {
        type: 'integer',
        placeholder: 'N',
        min: 1,
        max: 22,
        verbs: ['backup', 'export', 'import'],
        help: 'How hard to compress: 1 to 9 with gzip, 1 to 22 with zstd.',
    },
    connectTimeout: {
        type: 'duration',
        placeholder: 'DURATION',
        default: '30s',
        max: '1h',
        verbs: ['backup', 'restore', 'verify'],
        help: 'How long to wait for the database to answer. One that sleeps may need more.',
    },
    timeout: {
        type: 'duration',
        placeholder: 'DURATION',
        max: '24d',
        verbs: WITH_STORE,
        help: 'How long the whole run may take.',
    },
    components: {
        type: 'list',
        placeholder: 'NAME...',
        verbs: ['init'],
        help: 'What the workflows back up: database, files, config or all. Without it, what --files and --config-files imply.',
    },
    time: {
        type: 'string',
        placeholder: 'HH:MM',
        verbs: ['init'],
        help: 'When the daily backup begins, in UTC. It is moved to an odd minute, as GitHub is late on the hour.',
    },
    postgres: {
        type: 'integer',
        placeholder: 'MAJOR',
        min: 10,
        max: 99,
        verbs: ['init'],
        help: "Major version of the database's server, which the weekly proof restores into. Without it, 18.",
    },
    recoverySheet: {
        type: 'string',
        placeholder: 'FILE',
        verbs: ['init'],
        help: 'Write the recovery sheet into this Markdown file instead of printing it.',
    },
    pingUrl: {
        type: 'string',
        placeholder: 'URL',
        secret: 'value',
        verbs: WITH_NOTICES,
        help: 'Called at the start, the end and the failure of a run, as healthchecks.io has it: URL/start, URL, URL/fail.',
    },
    webhook: {
        type: 'string',
        placeholder: 'URL',
        secret: 'value',
        verbs: WITH_NOTICES,
        help: 'Gets the result of a run as JSON. If it cannot be reached, that is only a warning.',
    },
    json: { type: 'flag', verbs: ALL, help: 'Print the result as one JSON document.' },
    quiet: { type: 'flag', verbs: ALL, help: 'Show no progress: only the result, warnings and errors.' },
    logDir: {
        type: 'string',
        placeholder: 'DIR',
        default: './logs',
        verbs: WITH_LOG,
        help: 'Folder that gets a log of each run.',
    },
};
const OPTIONS = TABLE;
const OPTION_NAMES = Object.keys(TABLE);
/** `keyFile` -> `key-file`: the Action's input and, behind two dashes, the flag. */
function kebab(name) {
    return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
}
/** `keyFile` -> `--key-file`. */
function flag(name) {
    return `--${kebab(name)}`;
}
/** The environment variables that set it, the one that goes first, first. */
function variablesOf(name) {
    const own = `COMEBACK_${kebab(name).replaceAll('-', '_').toUpperCase()}`;
    return [own, ...(OPTIONS[name].alsoFrom ?? [])];
}
function optionsOf(verb) {
    return OPTION_NAMES.filter(name => OPTIONS[name].verbs.includes(verb));
}


/***/ }),

/***/ 6844:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   G: () => (/* binding */ isDoubtful),
/* harmony export */   Q: () => (/* binding */ doubtText)
/* harmony export */ });
/* harmony import */ var _quantities_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(2206);

/** Of one that is damaged, or of the old scripts, there is nothing that a key could vouch for. */
function isDoubtful({ authenticated, status }) {
    return !authenticated && status !== 'damaged' && status !== 'unread';
}
/** A sentence; undefined where there is no doubt. */
function doubtText({ components }) {
    const backups = components.flatMap(({ backups }) => backups);
    const doubtful = backups.filter(isDoubtful).length;
    if (doubtful === 0)
        return undefined;
    const some = `${(0,_quantities_js__WEBPACK_IMPORTED_MODULE_0__/* .countText */ .lT)(doubtful, 'record')} of ${backups.length.toLocaleString('en')} ${doubtful === 1 ? 'was' : 'were'} not`;
    return `${doubtful === backups.length ? 'No record here was' : some} authenticated with a key: what they say is what the store claims.`;
}


/***/ }),

/***/ 4628:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   $5: () => (/* binding */ fitted),
/* harmony export */   GJ: () => (/* binding */ onOneLine),
/* harmony export */   g$: () => (/* binding */ printable),
/* harmony export */   qz: () => (/* binding */ widthOf)
/* harmony export */ });
/**
 * Names of tables and files, and messages of servers, are other people's text. On a terminal an escape sequence in them
 * could move the cursor, hide lines or worse, so control characters are shown, never sent.
 */
/** Columns of the ellipsis. */
const ELLIPSIS = 1;
/** Control and direction-changing characters as `\x1b`; line breaks and tabs stay. */
function printable(text) {
    return text.replace(/(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, character => {
        const code = character.charCodeAt(0).toString(16);
        return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
    });
}
/** The same on one line. */
function onOneLine(text) {
    return printable(text.replace(/\s*\n\s*/g, ' ').replaceAll('\t', ' '));
}
/** Columns that a text takes on a terminal. */
function widthOf(text) {
    let width = 0;
    for (const character of text)
        width += columnsOf(character);
    return width;
}
/** The text cut to so many columns, with an ellipsis where something was cut. */
function fitted(text, columns) {
    if (widthOf(text) <= columns)
        return text;
    let kept = '';
    let width = ELLIPSIS;
    for (const character of text) {
        width += columnsOf(character);
        if (width > columns)
            break;
        kept += character;
    }
    return columns < ELLIPSIS ? '' : `${kept}…`;
}
function columnsOf(character) {
    if (/\p{Mark}|\p{Cf}/u.test(character))
        return 0;
    return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u.test(character)
        ? 2
        : 1;
}


/***/ }),

/***/ 1461:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   B_: () => (/* binding */ stepsOf),
/* harmony export */   F4: () => (/* binding */ MIGRATION_WORDS),
/* harmony export */   MT: () => (/* binding */ verdictLine),
/* harmony export */   Ri: () => (/* binding */ checkTexts),
/* harmony export */   Up: () => (/* binding */ recordNote),
/* harmony export */   WD: () => (/* binding */ wasNeverProved),
/* harmony export */   _G: () => (/* binding */ VERDICT_WORDS),
/* harmony export */   iz: () => (/* binding */ changedTables),
/* harmony export */   k0: () => (/* binding */ changeText),
/* harmony export */   mm: () => (/* binding */ weightOf)
/* harmony export */ });
/* unused harmony exports checksLine, isCompared */
/* harmony import */ var _engine_proof_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(3813);
/* harmony import */ var _quantities_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(2206);
/** What all renderings of a proof say in the same words: its verdict, what was looked at, and what is another than before. */


const VERDICT_WORDS = {
    verified: 'verified',
    failed: 'failed',
    'could-not-verify': 'could not be verified',
};
/** The gravest first. */
const GRAVITY = ['failed', 'could-not-verify', 'verified'];
const CHECK_WORDS = {
    passed: 'passed',
    failed: 'failed',
    'not-run': 'did not run',
};
/** `database failed; files verified; nothing to verify of config`, the gravest first. */
function verdictLine({ proofs, absent, migration }) {
    const proved = proofs.filter(proof => !wasNeverProved(proof));
    const unproved = proofs.filter(wasNeverProved).map(({ component }) => component);
    const parts = GRAVITY.flatMap(verdict => {
        const components = proved.filter(proof => proof.verdict === verdict).map(({ component }) => component);
        return components.length === 0 ? [] : [`${components.join(', ')} ${VERDICT_WORDS[verdict]}`];
    });
    const untold = unproved.length === 0 ? [] : [`${unproved.join(', ')} never verified`];
    const never = absent.length === 0 ? [] : [`nothing to verify of ${absent.join(', ')}`];
    const migrated = migration === undefined ? [] : [`migration ${MIGRATION_WORDS[migration.result]}`];
    return [...parts, ...untold, ...never, ...migrated].join('; ') || 'there is no backup';
}
const MIGRATION_WORDS = { succeeded: 'succeeded', failed: 'failed', 'could-not-run': 'could not run' };
/** `10 of 11 checks passed, 1 did not run`. */
function checksLine(checks) {
    const count = (wanted) => checks.filter(({ result }) => result === wanted).length;
    const passed = count('passed');
    const rest = ['failed', 'not-run'].flatMap(result => count(result) === 0 ? [] : [`${count(result)} ${CHECK_WORDS[result]}`]);
    const all = checks.length === passed ? countText(passed, 'check') : `${passed} of ${countText(checks.length, 'check')}`;
    return [`${all} passed`, ...rest].join(', ');
}
/** A record may come from a newer version, with codes that this one does not know. */
function weightOf(code) {
    return Object.hasOwn(_engine_proof_js__WEBPACK_IMPORTED_MODULE_0__/* .PROOF_CODES */ .Ci, code) ? _engine_proof_js__WEBPACK_IMPORTED_MODULE_0__/* .PROOF_CODES */ .Ci[code] : 'note';
}
/** What to do, each once, that of the gravest finding first. */
function stepsOf(findings) {
    return [...new Set(findings.flatMap(({ hint }) => (hint === undefined ? [] : [hint])))];
}
/** Those with another number of rows than by the proof before, what was lost first, by its share; then by rows gained. */
function changedTables({ tables = [] }) {
    const share = ({ rows, before }) => (before === 0 ? 0 : Math.max(0, (before - rows) / before));
    return tables
        .flatMap(table => {
        const { before, rows } = table;
        return before === undefined || before === rows ? [] : [{ ...table, before, halved: rows * 2 <= before }];
    })
        .sort((a, b) => share(b) - share(a) || b.rows - b.before - (a.rows - a.before));
}
/** `1,000 → 400 rows, 60 % lost`. */
function changeText({ rows, before }) {
    const counts = `${before.toLocaleString('en')} → ${rows.toLocaleString('en')} rows`;
    if (rows >= before)
        return counts;
    const lost = (100 * (before - rows)) / before;
    // All but one row of a million is not all of them.
    const shown = lost < 0.95 ? lost.toFixed(1) : String(rows > 0 ? Math.min(99, Math.round(lost)) : 100);
    return `${counts}, ${shown} % lost`;
}
/** Whether anything is known of the proof before. */
function isCompared({ tables = [] }) {
    return tables.some(({ before }) => before !== undefined);
}
/** Why one must not believe more of a recorded proof than it deserves. */
function recordNote({ authenticated }) {
    return authenticated
        ? 'The record was authenticated with the key.'
        : 'The record was not authenticated, as the key is not at hand (pull requests from forks get no secrets): whoever can write to the store could have made it.';
}
/** It stands for a backup of which no proof is recorded: all it knows is the backup. */
function wasNeverProved({ findings }) {
    return findings.some(({ code }) => code === 'never-verified');
}
/** Of each, `not run: the extension is missing`; one reason is told once. A record without the key does not tell why. */
function checkTexts(checks) {
    const told = new Set();
    return checks.map(({ result, detail }) => {
        if (result !== 'not-run')
            return detail;
        const isTold = told.has(detail);
        told.add(detail);
        return detail === '' ? 'not run' : isTold ? 'not run, as above' : `not run: ${detail}`;
    });
}


/***/ }),

/***/ 2206:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   S5: () => (/* binding */ durationText),
/* harmony export */   Tc: () => (/* binding */ timeText),
/* harmony export */   XG: () => (/* binding */ ageText),
/* harmony export */   Yi: () => (/* binding */ clockText),
/* harmony export */   cf: () => (/* binding */ rateText),
/* harmony export */   lP: () => (/* binding */ sizeText),
/* harmony export */   lT: () => (/* binding */ countText)
/* harmony export */ });
/** Sizes, times and counts as people read them. */
const SIZES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** `0 B`, `1.2 kB`, `38 MB`, `1.1 GB`: powers of 1,000. */
function sizeText(bytes) {
    let value = bytes;
    let step = 0;
    // Rounding must not make `1000 kB` of 999.6 kB.
    while (value >= (step === 0 ? 1000 : 999.5) && step < SIZES.length - 1) {
        value /= 1000;
        step += 1;
    }
    const rounded = step > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value).toString();
    return `${rounded} ${SIZES[step]}`;
}
function rateText(bytes, seconds) {
    return `${sizeText(seconds > 0 ? bytes / seconds : 0)}/s`;
}
/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
function durationText(seconds) {
    if (seconds < 9.95)
        return `${Number(seconds.toFixed(1))} s`;
    const whole = Math.round(seconds);
    if (whole < MINUTE)
        return `${whole} s`;
    if (whole < HOUR)
        return two(Math.floor(whole / MINUTE), 'min', whole % MINUTE, 's');
    const minutes = Math.round(whole / MINUTE);
    if (whole < DAY)
        return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
    const hours = Math.round(whole / HOUR);
    return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}
/** `0:07`, `12:03`, `1:02:03`: as wide in one second as in the next. */
function clockText(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    const [hours, minutes] = [Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE)];
    const rest = String(whole % MINUTE).padStart(2, '0');
    return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}
/** The largest unit alone: `5 min`, `3 h`, `12 d`. */
function ageText(from, to) {
    const seconds = Math.max(0, (to.getTime() - from.getTime()) / 1000);
    if (seconds < MINUTE)
        return `${Math.floor(seconds)} s`;
    if (seconds < HOUR)
        return `${Math.floor(seconds / MINUTE)} min`;
    return seconds < 2 * DAY ? `${Math.floor(seconds / HOUR)} h` : `${Math.floor(seconds / DAY)} d`;
}
/** `2026-11-23 02:00:00 UTC`. */
function timeText(iso) {
    const time = new Date(iso);
    return Number.isNaN(time.getTime()) ? iso : `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
/** `1 backup`, `12 backups`. */
function countText(count, noun) {
    return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
function two(large, largeUnit, small, smallUnit) {
    return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}


/***/ }),

/***/ 4580:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   DH: () => (/* binding */ decoded),
/* harmony export */   fG: () => (/* binding */ scrubbed),
/* harmony export */   mE: () => (/* binding */ secretsOfUrl),
/* harmony export */   ty: () => (/* binding */ scrubber)
/* harmony export */ });
/* unused harmony export spellings */
/**
 * Keeps secrets out of everything that is shown or logged. Messages of libraries and servers quote what they were given, so
 * it isn't enough not to print a secret: whatever leaves the program goes through here.
 */
const MASK = '***';
/** Characters. Masking a shorter one on its own would only riddle every text with stars; its URL is masked all the same. */
const SHORTEST = 4;
/** The password in any URL, even of one that nobody named as a secret. */
const CREDENTIALS = /(?<=\b[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:)\S+(?=@)/gi;
const SECRET_PARAMETERS = ['password', 'sslpassword'];
/** Fields of a report that hold one of a few words of ours, which scripts compare. */
const CLOSED_FIELDS = new Set(['command', 'component', 'status', 'severity', 'code', 'verdict', 'kind', 'result']);
/** Masks each secret as it is, percent-encoded and as JSON writes it; where secrets overlap, all that they cover. */
function scrubber(secrets) {
    const needles = new Set([...secrets].flatMap(spellings).filter(text => text.length >= SHORTEST));
    return text => masked(text, covered(text, needles)).replace(CREDENTIALS, MASK);
}
/** What must not show of a database URL: all of it, and the password alone, as written and decoded. */
function secretsOfUrl(url) {
    // A password that somebody forgot to encode may hold `/`, `?`, `#` or `@`: so it is looked for up to the last `@`, too.
    const userinfos = [/^[^:/?#]+:\/\/([^/?#@]*)@/, /^[^:/?#]+:\/\/(.*)@/s].map(form => form.exec(url)?.[1] ?? '');
    const passwords = userinfos.map(userinfo => /:(.*)$/s.exec(userinfo)?.[1] ?? '');
    const parameters = [...url.matchAll(/[?&]([^=&#]+)=([^&#]*)/g)]
        .filter(([, name = '']) => SECRET_PARAMETERS.includes(name.toLowerCase()))
        .map(([, , value = '']) => value);
    const parts = [...passwords, ...parameters].filter(part => part !== '');
    // A URL without a password is no secret, and its host helps to understand a message.
    return parts.length === 0 ? [] : [url, ...parts, ...parts.map(decoded)];
}
/** A secret as it is, percent-encoded in the usual ways and as JSON writes it. */
function spellings(secret) {
    const text = secret.trim();
    const encoded = encodeURIComponent(text.toWellFormed());
    const lowerCase = encoded.replace(/%[0-9A-F]{2}/g, code => code.toLowerCase());
    // `URL` leaves some characters alone that encodeURIComponent encodes.
    return [text, encoded, lowerCase, encodeURI(text.toWellFormed()), JSON.stringify(text).slice(1, -1)];
}
/** The same value with every string in it scrubbed. */
function scrubbed(value, scrub) {
    return deep(value, scrub);
}
function deep(value, scrub) {
    if (typeof value === 'string')
        return scrub(value);
    if (Array.isArray(value))
        return value.map(item => deep(item, scrub));
    if (typeof value !== 'object' || value === null)
        return value;
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, CLOSED_FIELDS.has(name) ? field : deep(field, scrub)]));
}
function decoded(text) {
    try {
        return decodeURIComponent(text);
    }
    catch {
        // A stray `%`: then it was never encoded.
        return text;
    }
}
function covered(text, needles) {
    const spans = [];
    for (const needle of needles) {
        for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1))
            spans.push([at, at + needle.length]);
    }
    return spans.sort(([left], [right]) => left - right);
}
function masked(text, spans) {
    let result = '';
    let done = 0;
    for (const [from, to] of spans) {
        if (from >= done)
            result += `${text.slice(done, from)}${MASK}`;
        done = Math.max(done, to);
    }
    return result + text.slice(done);
}


/***/ }),

/***/ 2763:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   $: () => (/* binding */ leftText),
/* harmony export */   SH: () => (/* binding */ NO_KEY),
/* harmony export */   XE: () => (/* binding */ DISCOUNTS),
/* harmony export */   n8: () => (/* binding */ HOLDS_WORDS),
/* harmony export */   tF: () => (/* binding */ LATER_WORDS)
/* harmony export */ });
const HOLDS_WORDS = {
    'some-rows': 'without some rows',
    structure: 'structure only',
};
const LATER_WORDS = {
    failed: 'failed',
    partial: 'partial',
    damaged: 'damaged',
    future: 'future',
    foreign: 'foreign',
    ...HOLDS_WORDS,
};
/** In a column, and as the end of a sentence about what is so marked. */
const DISCOUNTS = {
    future: { word: 'future', because: 'is dated in the future' },
    'other-key': { word: 'other key', because: 'was made with another key than the one at hand' },
    'other-store': { word: 'foreign', because: 'was made for another store' },
    'unclear-store': { word: 'unclear', because: 'is of one of several stores, and nothing tells which this is' },
};
const NO_KEY = 'No key was at hand: nothing here is authenticated, all is as the store claims.';
function leftText(folders) {
    return `Runs that were killed have left ${folders.join(', ')}: decrypted data may lie there. The next run of the same kind on this machine removes it.`;
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

export const id = 579;
export const ids = [579];
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
 * this version doesn't understand; another field would be a new format version.
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
    /** When the store itself drops the first object that it needs, as far as that is known. */
    expires: valibot__WEBPACK_IMPORTED_MODULE_5__/* .nullable */ .mee(time),
    /** What made it, name to version. */
    tools: valibot__WEBPACK_IMPORTED_MODULE_5__/* .record */ .g1P(text, text),
    /** The command that restores its own files with stock tools; null where they don't suffice. */
    decrypt: valibot__WEBPACK_IMPORTED_MODULE_5__/* .nullable */ .mee(text),
    /** Why a placeholder is one: an error code. */
    reason: valibot__WEBPACK_IMPORTED_MODULE_5__/* .nullable */ .mee(text),
    /** Made of a restore's target before it was touched; absent from every other backup. */
    purpose: valibot__WEBPACK_IMPORTED_MODULE_5__/* .optional */ .lqM(valibot__WEBPACK_IMPORTED_MODULE_5__/* .literal */ .euz('safety')),
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

/***/ 7579:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  runJob: () => (/* binding */ runJob)
});

// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(9473);
// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
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
        throw damaged(`Only ${engine.bytesWritten} of its ${packed.length} bytes are one compressed chunk.`);
    }
    if (buffer.length !== plainLength)
        throw damaged(`It holds ${buffer.length} bytes instead of ${plainLength}.`);
    return buffer;
}
async function expand(coder, packed, limit) {
    // maxOutputLength stops a bomb; 0 would mean no limit. One byte of room more than is due saves a second trip.
    const options = { info: true, maxOutputLength: Math.max(1, limit), chunkSize: Math.max(MIN_OUTPUT, limit + 1) };
    try {
        return (await run(coder, packed, options));
    }
    catch (cause) {
        throw damaged(cause instanceof Error ? `${cause.message}.` : '', cause);
    }
}
function damaged(what, cause) {
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

// EXTERNAL MODULE: ./build/format/sizes.js
var sizes = __webpack_require__(7060);
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
const count = dist/* pipe */.FsL(dist/* number */.aig(), dist/* safeInteger */.Y2b(), dist/* minValue */.Wwf(0));
/** Whatever JSON.parse returned. */
const json = dist/* custom */.IeY(value => value !== undefined);
const body = dist/* strictObject */.rej({
    detail: json,
    segments: dist/* array */.YOg(dist/* strictObject */.rej({
        name: dist/* string */.YjP(),
        group: dist/* custom */.IeY(value => typeof value === 'string' && GROUP.test(value)),
        detail: json,
        bytes: count,
        first: count,
        count,
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
function isIndexFile(file) {
    return file !== undefined && /^index\.[a-z]+\.enc$/.test(file);
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
const BLOCK = 16;
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
    if (bytes.length < cipher_HEADER + BLOCK || bytes.length % BLOCK !== 0) {
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
    const offset = range.offset - (range.offset % BLOCK);
    if (range.length === 0)
        return { offset, length: 0 };
    const end = Math.ceil((range.offset + range.length) / BLOCK) * BLOCK + cipher_HEADER;
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
    const iv = needed.offset === 0 ? key.iv : bytes.subarray(0, BLOCK);
    const decipher = (0,external_node_crypto_.createDecipheriv)(CIPHER, key.key, iv).setAutoPadding(false);
    const plain = decipher.update(bytes.subarray(BLOCK));
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
const AHEAD = 2;
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
        if (this.#ahead.length >= AHEAD)
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
/** How often an object is read before it counts as damaged. */
const READS = 2;
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
    const body = await getChecked(store, name, index, signal);
    return unpackIndex(index, decryptPack(await keyring.pack(kdf.salt, kdf.iterations), body));
}
/** Of the decrypted object; `damaged` if it isn't the index that the manifest describes. */
async function unpackIndex(index, decrypted) {
    if (index.plain > INDEX_LIMIT)
        throw new errors/* ComebackError */.U$('damaged', `The index ${index.name} is too large to be one.`);
    const codec = codecOfFile(index.name);
    return decodeIndex(await codec.decompress(decrypted.subarray(codec.confounder().length), index.plain));
}
/**
 * A whole object that must have this size and SHA-256: `damaged` otherwise. Bytes that are wrong are read once more: they may
 * have been damaged on their way, or in a memory in between.
 */
async function getChecked(store, name, expected, signal) {
    for (let attempt = 1;; attempt++) {
        const body = await store.get(name, { limit: expected.size, signal }).catch(error => {
            throw asDamage(error, name);
        });
        const isWhole = body.length === expected.size;
        if (isWhole && (0,external_node_crypto_.createHash)('sha256').update(body).digest('hex') === expected.sha256)
            return body;
        if (attempt < READS)
            continue;
        const what = isWhole ? 'was altered' : `has ${body.length} of ${expected.size} bytes`;
        throw new errors/* ComebackError */.U$('damaged', `${name} is not the object that was written: it ${what}.`, { hint: DAMAGE_HINT });
    }
}
/** What a manifest names must be there, and as long as it says: otherwise that is damage, whatever the store calls it. */
function asDamage(error, name) {
    if ((0,errors/* hasCode */.up)(error, 'damaged'))
        return new errors/* ComebackError */.U$('damaged', error.message, { hint: DAMAGE_HINT, cause: error });
    if (!(0,errors/* hasCode */.up)(error, 'not-found'))
        return error;
    // A store that knows why, such as one whose objects expire, has a hint of its own.
    if (error.hint !== undefined)
        return new errors/* ComebackError */.U$('damaged', error.message, { hint: error.hint, cause: error });
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
/** Whether this key made it. Throws `damaged` where it did, and the manifest is not as it was written. */
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

;// CONCATENATED MODULE: ./build/engine/source-hash.js
/** Under which name a store knows what was backed up. */

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
/** Whether the backup, whose key this is, was made of what has this identity. */
async function isOf({ source, idSalt, kdf, component }, identity, keyring) {
    return source === (await sourceHash(keyring, idSalt, kdf.iterations, component, identity));
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
function parseMoment(text, includeSafety = false) {
    if (text === 'latest')
        return { kind: 'latest', includeSafety };
    if ((0,backup_id/* isBackupId */["if"])(text))
        return { kind: 'id', id: text };
    if (/^\d{4}-\d{2}-\d{2}$/.test(text) && isRealDay(text))
        return { kind: 'day', day: text, includeSafety };
    if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/.test(text)) {
        const time = new Date(text);
        if (!Number.isNaN(time.getTime()))
            return { kind: 'time', time, includeSafety };
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
        if (moment.kind === 'id')
            return manifest;
        const other = await whyNot(manifest, moment, keyring);
        if (other === undefined)
            return manifest;
        skipped.push(`${entry.id} ${other}`);
    }
    throw noSuchBackup(store, component, moment, catalog, skipped);
}
async function whyNot(manifest, moment, keyring) {
    const { status, purpose } = manifest;
    if (moment.kind === 'undo') {
        if (purpose !== 'safety')
            return 'is no safety backup';
        if (!(await isOf(manifest, moment.identity, keyring)))
            return 'is of another target';
    }
    else if (purpose === 'safety' && moment.includeSafety !== true)
        return 'is a safety backup';
    return status === 'complete' ? undefined : `is ${status}`;
}
function matches(entry, moment) {
    switch (moment.kind) {
        case 'latest':
        case 'undo':
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
    if (moment.kind === 'undo') {
        return new errors/* ComebackError */.U$('no-such-backup', `No safety backup of ${moment.place} in ${store.location}.`, {
            hint: 'A restore makes one before it touches a target that holds something. `comeback list` shows them; any can be restored by its id.',
        });
    }
    const passedOver = skipped.length > 0 ? ` (${skipped.slice(0, NEAREST).join(', ')})` : '';
    const near = nearest(catalog, moment);
    return new errors/* ComebackError */.U$('no-such-backup', `No ${describe(component, moment)} in ${store.location}${passedOver}.`, {
        hint: near.length > 0
            ? `The nearest ones: ${near.join(', ')}. \`comeback list ${component}\` shows all.`
            : `The store holds no ${component} backup at all: is ${store.location} the right one?`,
    });
}
function describe(component, moment) {
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

;// CONCATENATED MODULE: ./build/engine/expiry.js
/**
 * How long a backup lives: retention lets it go at the earliest on one day, and a store such as GitHub's artifacts may drop
 * its objects on another, whatever anybody wants.
 */


/** Milliseconds. A store counts from when an object was put, retention from when the run began. */
const TOLERANCE = 24 * 60 * 60 * 1000;
/**
 * When the store drops the first object that the backup needs; undefined where it keeps them for good, or would not say:
 * that alone is no reason to fail. `listed` are the store's objects if they were just listed, `needed` the packs leaned on.
 */
async function storeExpiry({ store, source, signal, progress }, plan, indexFile, listed, needed) {
    const { component } = source;
    const own = objectName({ component, id: plan.id, file: '' });
    if (listed !== undefined) {
        const objects = [...listed.values()].filter(({ name }) => name.startsWith(own));
        return earliest([...objects, ...needed.map(name => listed.get(name))]);
    }
    try {
        return (await store.stat(`${own}${indexFile}`, signal)).expiresAt;
    }
    catch (error) {
        const { message } = (0,errors/* asComebackError */.Mx)(error);
        progress({ type: 'phase', component, text: `until when the store keeps the backup is not known: ${message}` });
        return;
    }
}
/** The first of the two days: from then on the backup may be gone. */
function goneFrom(keepUntil, dropped) {
    return keepUntil !== undefined && dropped !== undefined && dropped < keepUntil ? dropped : (keepUntil ?? dropped);
}
/** A warning where the store drops it well before retention would let it go. */
function expiryProblems(keepUntil, dropped) {
    if (keepUntil === undefined || dropped === undefined)
        return [];
    if (dropped.getTime() + TOLERANCE >= keepUntil.getTime())
        return [];
    return [
        {
            severity: 'warning',
            message: `The store drops this backup on ${day(dropped)}, but it is to be kept until ${day(keepUntil)}.`,
            hint: "Keep fewer --retention-days, let the store keep objects longer (for GitHub: the repository's artifact retention), or use a bucket.",
        },
    ];
}
function earliest(objects) {
    const times = objects.flatMap(object => (object?.expiresAt === undefined ? [] : [object.expiresAt.getTime()]));
    return times.length === 0 ? undefined : new Date(times.reduce((first, time) => Math.min(first, time)));
}
function day(time) {
    return time.toISOString().slice(0, 10);
}

;// CONCATENATED MODULE: ./build/engine/side-by-side.js
/** Bounded concurrency, for requests whose answer is small and whose way is long. */
/** Hundreds of them, each a request of its own: more than this at a time and a store slows us down. */
const MANIFESTS_AT_A_TIME = 8;
/**
 * Maps in order, up to `width` items at work at a time; an item counts until its result was taken, so that results don't
 * pile up either. The first failure is thrown in its turn. Nothing is at work any more when this returns or throws, be it
 * that the caller stopped early.
 */
async function* sideBySide(items, width, map) {
    const working = [];
    try {
        for (const item of items) {
            const result = map(item);
            // Awaited below in its turn; until then a failure must not count as unhandled.
            result.catch(() => undefined);
            working.push(result);
            if (working.length >= width)
                yield await first(working);
        }
        while (working.length > 0)
            yield await first(working);
    }
    finally {
        await Promise.allSettled(working);
    }
}
/** `sideBySide` for results that are wanted all at once. */
async function allSideBySide(items, width, map) {
    const results = [];
    for await (const result of sideBySide(items, width, map))
        results.push(result);
    return results;
}
function first(working) {
    return working.shift();
}

;// CONCATENATED MODULE: ./build/engine/history.js
/**
 * How a source's backups grew: what their manifests say of sizes. It is shown, never relied on, and the backup exists
 * already when it is read: so nothing that goes wrong here may fail the run, or hold it up for long.
 */




const POINTS = 30;
/** Milliseconds for all of them; a store that is slower gets a shorter history. */
const TIME = 10_000;
/** The newest backups of the same source, oldest first, `last` at the end. Never throws. */
async function readHistory(request, plan, last) {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIME)]);
    const failures = [];
    const points = await allSideBySide(plan.earlier.slice(0, POINTS - 1), MANIFESTS_AT_A_TIME, async (entry) => {
        if (signal.aborted)
            return;
        try {
            return await pointOf(request, plan, entry, signal);
        }
        catch (error) {
            failures.push(error);
            return;
        }
    });
    const [failure] = failures;
    if (failure !== undefined) {
        const text = `the history is incomplete: ${(0,errors/* asComebackError */.Mx)(failure).message}`;
        request.progress({ type: 'phase', component: request.source.component, text });
    }
    return [...points.filter(point => point !== undefined).reverse(), last];
}
/** Undefined for a safety backup, for another source's, and for one of another chain: its key would have to be derived first. */
async function pointOf({ store, keyring }, { idSalt, iterations, source }, entry, signal) {
    const manifest = await manifestOf(store, entry, signal);
    if (manifest.purpose !== undefined)
        return;
    if (manifest.source !== source || manifest.idSalt !== idSalt || manifest.kdf.iterations !== iterations)
        return;
    await authenticate(manifest, keyring);
    return { id: manifest.id, time: manifest.time, bytes: manifest.bytes.plain, stored: manifest.bytes.stored };
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
/** Segments that a report names. */
const LARGEST = 20;
async function commit(request, plan, writer, result) {
    const { store, keyring, source, signal, now } = request;
    const { component } = source;
    const found = [...plan.problems, ...result.problems];
    const status = found.some(({ severity }) => severity === 'partial') ? 'partial' : 'complete';
    const { index, leansOn } = writer.index(result.detail);
    const indexObject = await putIndex(request, plan, index, signal);
    const listed = await checkPacks(request, leansOn);
    const needed = leansOn.map(pack => packName(component, pack));
    const expires = await storeExpiry(request, plan, indexObject.name, listed?.objects, needed);
    const manifest = await commit_describe(request, plan, writer, { status, index: indexObject, leansOn, expires });
    signal.throwIfAborted();
    await writeManifest(store, manifest, keyring, signal);
    // From here on the backup exists: nothing may throw any more.
    const { id, time, bytes } = manifest;
    const gone = goneFrom(request.keepUntil, expires);
    const history = await readHistory(request, plan, { id, time, bytes: bytes.plain, stored: bytes.stored });
    return {
        status,
        component,
        id,
        time,
        seconds: (now().getTime() - plan.started.getTime()) / 1000,
        full: manifest.full,
        stock: manifest.stock,
        ...(manifest.base === null ? {} : { base: manifest.base }),
        segments: index.segments.length,
        chunks: index.chunks.length,
        bytes: { read: bytes.plain, new: bytes.new, stored: bytes.stored },
        leansOn: leansOn.length,
        keyId: manifest.keyId,
        ...(manifest.decrypt === null ? {} : { decrypt: manifest.decrypt }),
        ...(gone === undefined ? {} : { expires: gone.toISOString() }),
        largest: largestOf(index),
        history,
        problems: [...found, ...expiryProblems(request.keepUntil, expires)],
    };
}
function largestOf({ segments }) {
    const sorted = segments.toSorted((a, b) => b.bytes - a.bytes).slice(0, LARGEST);
    return sorted.map(({ name, bytes }) => ({ name, bytes }));
}
async function putIndex({ store, keyring, source, codec }, plan, index, signal) {
    const backup = { component: source.component, id: plan.id };
    return writeIndex(store, backup, index, codecOf(codec), await keyring.pack(plan.salt, plan.iterations), signal);
}
/**
 * A store may have lost or dropped a pack since the base was made: better to fail now than on the day of the restore. One
 * fresh listing, not a question for each pack: stores answer by the page.
 */
async function checkPacks({ store, source, signal }, packs) {
    if (packs.length === 0)
        return;
    const catalog = await readCatalog(store, source.component, signal);
    for (const pack of packs) {
        const name = packName(source.component, pack);
        const size = catalog.objects.get(name)?.size;
        if (size === pack.size)
            continue;
        const what = size === undefined ? 'is gone from the store' : `has ${size} bytes where ${pack.size} were written`;
        throw new errors/* ComebackError */.U$('damaged', `${name}, on which this backup leans, ${what}.`, {
            hint: 'Run the backup again with --full, which leans on nothing.',
        });
    }
    return catalog;
}
async function commit_describe(request, plan, writer, facts) {
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
        expires: facts.expires?.toISOString() ?? null,
        tools: { ...request.tools },
        decrypt: stock ? stockCommand(component, request.codec, plan.iterations) : null,
        reason: facts.reason ?? null,
        ...(request.purpose === undefined ? {} : { purpose: request.purpose }),
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
        const manifest = await commit_describe(request, plan, writer, { status: 'failed', index, leansOn: [], reason: error.code });
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

;// CONCATENATED MODULE: ./build/engine/base.js
/**
 * What a new backup may build on: the newest backup of the same source, and the placeholders of runs that failed since. The
 * reuse rule is here: a chunk may be referred to only in a pack that the store keeps long enough and that the base still uses
 * at least half of. So full backups come by themselves when they are due, and garbage stays bounded without repacking.
 */









/**
 * Looks from the newest backwards. Damaged manifests are reported and passed over: they must not stop new backups. Throws
 * `wrong-key` if the store holds backups of this component and none was made with this key: more likely a slip than a wish.
 */
async function findBase(search, allowOtherKey) {
    const { component, identity, catalog, keyring } = search;
    const placeholders = [];
    const problems = [];
    let otherKey;
    let holdsOurs = false;
    for (const entry of catalog.entries) {
        const manifest = await readAuthentic(search, entry)
            // It may have been damaged on its way, or in a memory in between.
            .catch(error => ((0,errors/* hasCode */.up)(error, 'damaged') ? readAuthentic(search, entry) : Promise.reject(error)))
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
        if (!mayLeanOn(manifest, search) || !(await isOf(manifest, identity, keyring)))
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
/**
 * Retention lets safety backups go by their age alone, so what leans on one might lose it while it is being made: only another
 * safety backup does, and only on one that has days left.
 */
function mayLeanOn({ purpose, id }, { safetySince }) {
    return purpose === undefined || (safetySince !== undefined && (0,backup_id/* timeOf */.nR)(id) >= safetySince);
}
async function readAuthentic({ store, keyring, signal }, entry) {
    const manifest = await manifestOf(store, entry, signal);
    keyring.preparePack(manifest.kdf.salt, manifest.kdf.iterations);
    await authenticate(manifest, keyring);
    return manifest;
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

;// CONCATENATED MODULE: ./build/engine/calendar.js
/** Periods of the UTC calendar, as retention counts them. Each key sorts by time and names its period to people. */
const DAY = 24 * 60 * 60 * 1000;
const PERIODS = {
    hour: time => time.toISOString().slice(0, 13),
    day: time => time.toISOString().slice(0, 10),
    week: isoWeek,
    month: time => time.toISOString().slice(0, 7),
    year: time => time.toISOString().slice(0, 4),
};
/** `2026-W53`. Weeks begin on Monday and belong to the year that holds their Thursday (ISO 8601). */
function isoWeek(time) {
    const weekday = (time.getUTCDay() + 6) % 7;
    const thursday = new Date(time.getTime() + (3 - weekday) * DAY);
    const year = thursday.getUTCFullYear();
    const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY));
    return `${year}-W${String(week).padStart(2, '0')}`;
}

;// CONCATENATED MODULE: ./build/engine/retention.js
/**
 * Which backups a policy keeps, and why: a pure function over times. Slots (`--keep-daily 7` and its like) are restic's: they
 * count periods that hold a backup, not days of the calendar, so a gap in the schedule never empties the store. All rules
 * add up; none takes back what another keeps. Beyond the policy some backups always stay:
 *
 * - what is dated in the future (a clock jumped): it is kept, and counts for nothing else, or it would push out the real ones;
 * - of each source the newest complete backup, and the newest of any kind;
 * - of each source the newest that is older than the grace time: see `prune.ts`, a running backup may build on it.
 *
 * Safety backups stay as long as they are young, and that is all: they take no slot from the others and count for none of
 * the rules above, nor does a backup that those protect ever build on one.
 *
 * A partial backup never takes a slot away from a complete one: the slots are filled from the complete ones alone, and
 * once more from all.
 */


const HOUR = 60 * 60 * 1000;
const retention_DAY = 24 * HOUR;
/** Milliseconds in which nothing is removed: a backup that runs now may be writing it, or building on it. */
const GRACE = retention_DAY;
/** Backups of one component, each with the reasons to keep it; without any it may go. */
function reasonsToKeep(backups, policy, now) {
    const reasons = new Map(backups.map(backup => [backup, new Set()]));
    const keep = (backup, reason) => {
        if (backup !== undefined)
            reasons.get(backup)?.add(reason);
    };
    const newestFirst = [...backups].sort((a, b) => (a.id < b.id ? 1 : -1));
    const [future, past] = split(newestFirst, ({ id }) => (0,backup_id/* timeOf */.nR)(id) > now);
    for (const backup of future)
        keep(backup, 'dated in the future');
    const [safety, others] = split(past, ({ safety }) => safety === true);
    keepYoung(safety, policy.days, now, (backup, reason) => keep(backup, `safety backup, ${reason}`));
    for (const group of Map.groupBy(others, ({ source }) => source).values()) {
        alwaysKeep(group, now, keep);
        keepYoung(group, policy.days, now, keep);
        keepSlots(group.filter(({ complete }) => complete), policy, keep);
        keepSlots(group, policy, keep);
    }
    return new Map([...reasons].map(([backup, all]) => [backup, [...all]]));
}
/** The policy in words. */
function policyText(policy) {
    const { days, last } = policy;
    const slots = SLOTS.flatMap(({ rule }) => (policy[rule] === undefined ? [] : [`${policy[rule]} ${rule}`]));
    return [
        `everything younger than ${days === 1 ? '24 h' : `${days} days`}`,
        ...(last === undefined ? [] : [`the last ${last}`]),
        ...slots,
    ];
}
const SLOTS = [
    { rule: 'hourly', period: 'hour' },
    { rule: 'daily', period: 'day' },
    { rule: 'weekly', period: 'week' },
    { rule: 'monthly', period: 'month' },
    { rule: 'yearly', period: 'year' },
];
function alwaysKeep(group, now, keep) {
    const complete = group.find(({ complete }) => complete);
    keep(complete, 'newest complete');
    if (group[0] !== complete)
        keep(group[0], 'newest');
    keep(group.find(({ id }) => now.getTime() - (0,backup_id/* timeOf */.nR)(id).getTime() >= GRACE), 'a running backup may build on it');
}
function keepYoung(group, days, now, keep) {
    for (const backup of group) {
        const age = now.getTime() - (0,backup_id/* timeOf */.nR)(backup.id).getTime();
        if (age < GRACE)
            keep(backup, 'younger than 24 h');
        else if (age < days * retention_DAY)
            keep(backup, `younger than ${days} days`);
    }
}
function keepSlots(group, policy, keep) {
    for (const backup of group.slice(0, policy.last ?? 0))
        keep(backup, `last ${policy.last}`);
    for (const { rule, period } of SLOTS) {
        const slots = policy[rule];
        if (slots === undefined)
            continue;
        const periods = [...Map.groupBy(group, ({ id }) => PERIODS[period]((0,backup_id/* timeOf */.nR)(id)))];
        const held = periods.slice(0, slots).map(([name, members]) => {
            const best = members.find(({ complete }) => complete) ?? members[0];
            keep(best, `${period} ${name}`);
            return best;
        });
        // Or a yearly slot would hold nothing of the first year until that year is over.
        const oldest = group.at(-1);
        if (periods.length < slots && !held.includes(oldest))
            keep(oldest, `oldest, ${rule} slots are free`);
    }
}
function split(items, test) {
    return [items.filter(test), items.filter(item => !test(item))];
}

;// CONCATENATED MODULE: ./build/engine/plan.js
/** What is decided about a backup before the first byte is read: its id, what it builds on, and the salts of its keys. */







async function makePlan(request) {
    const { store, keyring, source, now, signal } = request;
    const started = now();
    const { component } = source;
    const identity = request.sourceName === undefined ? source.identity : `name:${request.sourceName}`;
    const catalog = await readCatalog(store, component, signal);
    const safetySince = youngSafety(request, started);
    const search = {
        ...{ store, keyring, component, identity, catalog, signal },
        ...(safetySince === undefined ? {} : { safetySince }),
    };
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
        earlier: catalog.entries.filter(({ kind }) => kind === 'backup'),
        problems: [...found.problems, ...loaded.problems],
    };
}
/** From when on safety backups outlive the run that makes another one of them. */
function youngSafety({ purpose, keepUntil }, started) {
    if (purpose === undefined || keepUntil === undefined)
        return undefined;
    const kept = keepUntil.getTime() - started.getTime();
    return new Date(started.getTime() - kept + GRACE);
}

;// CONCATENATED MODULE: ./build/engine/backup.js
/** The use case: a Source's segments become a backup, or a placeholder that says why not. */





/** How often a source that lost its connection for good is read from the start. */
const backup_READS = 2;
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
            if (read >= backup_READS || writer.totals.chunks === 0)
                throw error;
            progress({ type: 'warning', component, message: `${error.message} The backup starts again from the beginning.` });
            writer.restart();
        }
    }
}

;// CONCATENATED MODULE: ./build/engine/check-finding.js
const BRING_BACK = 'Bring it back from a copy of the store. Without one, run a backup with --full, which leans on nothing.';
/** The hash that the authentic manifest names is right: a copy would hold the same. */
const AS_WRITTEN = 'The object is as it was written, so a copy of the store does not help. Run a backup with --full, and report this as a bug.';
const HINTS = {
    missing: BRING_BACK,
    'leans-on-missing': BRING_BACK,
    'wrong-size': BRING_BACK,
    altered: BRING_BACK,
    unreadable: 'Look at the store, then check again.',
    undecryptable: AS_WRITTEN,
    'bad-manifest': 'Do not trust this backup. Bring the manifest back from a copy of the store, or use another backup.',
    'newer-format': 'Check with the version of Comeback that made the backup, or a newer one.',
    'wrong-key': 'Check again with the key that they were made with: set COMEBACK_KEY or --key-file to it.',
    'bad-index': AS_WRITTEN,
    'bad-chunk': AS_WRITTEN,
};
function finding({ code, component, object, what, hint, hurts }) {
    return {
        code,
        component,
        object,
        message: `${object} ${what}`,
        hint: hint ?? HINTS[code],
        // Ids begin with their time.
        hurts: [...new Set(hurts)].sort().reverse(),
    };
}

;// CONCATENATED MODULE: ./build/engine/check-inventory.js
/** What a component's manifests say should be in the store, and which of it is. */







/** Why a manifest tells nothing; any other failure is one of the store, and ends the check. */
const UNREAD = {
    damaged: 'bad-manifest',
    unsupported: 'newer-format',
    permission: 'unreadable',
};
async function takeInventory(store, component, entries, keyring, signal) {
    const looks = await allSideBySide(entries, MANIFESTS_AT_A_TIME, entry => lookAt(store, entry, keyring, signal));
    const known = looks.filter(look => 'manifest' in look);
    return {
        known,
        objects: objectsOf(known),
        findings: [...looks.filter(look => 'code' in look), ...otherKeys(component, known, await keyring?.id())],
        vanished: looks.flatMap(look => ('vanished' in look ? [look.vanished] : [])),
    };
}
/** A backup is what its manifest says only if that is authentic; of one that is not, nothing is believed. */
async function lookAt(store, entry, keyring, signal) {
    try {
        const manifest = await manifestOf(store, entry, signal);
        if (manifest.index === null && entry.kind === 'backup') {
            throw new errors/* ComebackError */.U$('damaged', 'It names no index.');
        }
        return { entry, manifest, authentic: keyring !== undefined && (await isOurs(manifest, keyring)) };
    }
    catch (cause) {
        const { code, message } = (0,errors/* asComebackError */.Mx)(cause);
        if (code === 'not-found')
            return { vanished: entry };
        const meaning = UNREAD[code];
        if (meaning === undefined)
            throw cause;
        const what = `cannot be believed: ${message}`;
        const { component } = entry;
        return finding({ code: meaning, component, object: manifestName(entry), what, hurts: hurtBy([entry]) });
    }
}
/** One finding for each key, however many backups were made with it. */
function otherKeys(component, known, given) {
    if (given === undefined)
        return [];
    const others = Map.groupBy(known.filter(({ authentic }) => !authentic), ({ manifest }) => manifest.keyId);
    return [...others].flatMap(([keyId, [newest, ...more]]) => newest === undefined
        ? []
        : finding({
            code: 'wrong-key',
            component,
            object: manifestName(newest.entry),
            what: `${more.length === 0 ? 'was' : `and ${more.length} more were`} made with key ${keyId}; the key given is ${given}.`,
            hurts: hurtBy([newest, ...more].map(({ entry }) => entry)),
        }));
}
function objectsOf(known) {
    const objects = new Map();
    for (const user of known) {
        const { component, id, idSalt, index, kdf } = user.manifest;
        const own = { salt: kdf.salt, iterations: kdf.iterations };
        const packs = packsOf(user.manifest);
        const all = index === null ? packs : [...packs, { ...index, ...own, backup: id, file: index.name }];
        for (const { backup, file, size, sha256, salt, iterations } of all) {
            // Manifests that disagree on an object describe different ones, and at most one of them is there.
            const identity = [backup, file, size, sha256, salt, iterations, idSalt].join(' ');
            const name = packName(component, { backup, file });
            const object = objects.get(identity);
            if (object !== undefined)
                object.users.push(user);
            else
                objects.set(identity, { name, file, owner: backup, size, sha256, salt, iterations, idSalt, users: [user] });
        }
    }
    return [...objects.values()];
}
/**
 * What of these is not there, or has not the right size, by this listing. Counts only what manifests name that are still
 * listed; and what only backups name that the store was to drop by now is gone as announced.
 */
function absentees(component, objects, catalog, now) {
    return objects.flatMap(object => {
        const size = catalog.objects.get(object.name)?.size;
        if (size === object.size)
            return [];
        const users = object.users.filter(({ entry, manifest }) => {
            const isOver = manifest.expires !== null && Date.parse(manifest.expires) <= now.getTime();
            return catalog.objects.has(manifestName(entry)) && !isOver;
        });
        if (users.length === 0)
            return [];
        const leans = users.every(({ entry }) => entry.id !== object.owner);
        const [code, what] = size !== undefined
            ? ['wrong-size', `has ${size} bytes where ${object.size} were written.`]
            : leans
                ? ['leans-on-missing', 'is missing from the store, and so is the backup that wrote it.']
                : ['missing', 'is missing from the store.'];
        return finding({ code, component, object: object.name, what, hurts: hurtBy(users.map(({ entry }) => entry)) });
    });
}
/** Manifests that the store lists and does not give. */
function withheld(vanished, catalog) {
    return vanished
        .filter(entry => catalog.objects.has(manifestName(entry)))
        .map(entry => finding({
        code: 'missing',
        component: entry.component,
        object: manifestName(entry),
        what: 'is listed by the store, which then says that it does not exist.',
        hurts: hurtBy([entry]),
    }));
}
function manifestName({ component, id, kind }) {
    return objectName({ component, id, file: kind === 'backup' ? MANIFEST : PLACEHOLDER });
}
/** A placeholder is never restored: it cannot be hurt. */
function hurtBy(entries) {
    return entries.filter(({ kind }) => kind === 'backup').map(({ id }) => id);
}

;// CONCATENATED MODULE: ./build/repository/chunk-refs.js
/**
 * What several indexes say of the same packs, each statement once: backups of one chain mostly repeat each other, and a pack is
 * looked at only once for all of them. Two indexes that disagree on a chunk are two statements. About 44 bytes a chunk.
 */

const FIRST_SLOTS = 1024;
class ChunkRefs {
    #table = new ChunkTable();
    /** Position + 1 in the table, or 0; at least twice as many as positions. */
    #slots = new Uint32Array(FIRST_SLOTS);
    /** For each position, the one + 1 of the same pack that was added before; for each pack, the last + 1. */
    #before = new Uint32Array(FIRST_SLOTS);
    #last = new Map();
    /** `ref.pack` is the caller's number for the pack. */
    add(ref) {
        if ((this.#table.length + 1) * 2 > this.#slots.length)
            this.#grow();
        const slot = this.#slotOf(ref);
        if (this.#slots[slot] !== 0)
            return;
        const position = this.#table.push(ref);
        this.#slots[slot] = position + 1;
        this.#before[position] = this.#last.get(ref.pack) ?? 0;
        this.#last.set(ref.pack, position + 1);
    }
    /** In no particular order. */
    *of(pack) {
        for (let next = this.#last.get(pack) ?? 0; next > 0; next = this.#before[next - 1] ?? 0) {
            yield this.#table.at(next - 1);
        }
    }
    /** Where the same statement stands, or the free slot for it. */
    #slotOf(ref) {
        const mask = this.#slots.length - 1;
        // Knuth's multiplicative hash; offsets of one pack lie close together.
        let slot = (Math.imul(ref.offset ^ Math.imul(ref.pack, 0x85eb_ca6b), 0x9e37_79b1) >>> 0) & mask;
        for (;; slot = (slot + 1) & mask) {
            const position = (this.#slots[slot] ?? 0) - 1;
            if (position < 0 || isSame(this.#table.at(position), ref))
                return slot;
        }
    }
    #grow() {
        const count = this.#slots.length * 2;
        this.#slots = new Uint32Array(count);
        const before = new Uint32Array(count);
        before.set(this.#before);
        this.#before = before;
        for (let position = 0; position < this.#table.length; position++) {
            this.#slots[this.#slotOf(this.#table.at(position))] = position + 1;
        }
    }
}
function isSame(a, b) {
    return a.offset === b.offset && a.pack === b.pack && a.length === b.length && a.plain === b.plain && a.id.equals(b.id);
}

;// CONCATENATED MODULE: ./build/repository/pack-check.js



/** Undefined if it can be decompressed and its id is right. */
async function badChunk(file, decrypted, ref, idKey) {
    const { offset, length } = ref;
    if (offset + length > decrypted.length)
        return { offset, why: 'the pack ends before it does.' };
    try {
        const plain = await codecOfFile(file).decompress(decrypted.subarray(offset, offset + length), ref.plain);
        if (chunkId(idKey, plain).equals(ref.id))
            return undefined;
        throw new errors/* ComebackError */.U$('damaged', 'it is not the chunk that was written.');
    }
    catch (error) {
        return { offset, why: (0,errors/* asComebackError */.Mx)(error).message };
    }
}

;// CONCATENATED MODULE: ./build/engine/check-reading.js
/**
 * Reads objects and compares them with what was written: the SHA-256 of the bytes, and with the key also what is inside.
 * Every object is read once, however many backups need it. Holds a few packs, and 44 bytes for each chunk to be compared.
 */











/** Packs at a time, and the bytes of ciphertext that they may have together, beyond which it is one. */
const PACKS_AT_A_TIME = 4;
const HELD = 128 * sizes/* MiB */.lv;
/** Chunks of one pack that are decompressed at a time. */
const CHUNKS_AT_A_TIME = 4;
/** An object that cannot be read is a finding, so many of them a store that is out of order. */
const UNAVAILABLE_LIMIT = 3;
async function readObjects(request) {
    const reader = new Reader(request);
    await reader.run();
    return reader;
}
class Reader {
    findings = [];
    vanished = [];
    read = { objects: 0, bytes: 0 };
    opened = 0;
    chunks = 0;
    #request;
    #refs = new ChunkRefs();
    /** Packs that are due, and their numbers in `#refs`; and the same for each manifest that names them and can be believed. */
    #packs = new Map();
    #numbers = new Map();
    #unavailable = 0;
    constructor(request) {
        this.#request = request;
    }
    async run() {
        const { indexes, store, expect } = this.#request;
        const due = new Set(this.#request.due);
        const isIndex = new Set(indexes.values());
        for (const object of due)
            if (!isIndex.has(object))
                this.#addPack(object);
        const first = [...indexes].filter(([user, object]) => due.has(object) || this.#numbers.has(user));
        expect(sum([...first.map(([, object]) => object), ...this.#packs.keys()]));
        // One at a time: the index of a large database is the largest object there is.
        for (const [user, object] of first)
            await this.#checkIndex(object, user);
        const width = Math.max(1, Math.min(PACKS_AT_A_TIME, Math.floor(HELD / store.packSize)));
        await allSideBySide(this.#packs, width, ([object, number]) => this.#checkPack(object, number));
    }
    #addPack(object) {
        const number = this.#packs.size;
        this.#packs.set(object, number);
        for (const user of object.users) {
            if (!user.authentic)
                continue;
            const numbers = this.#numbers.get(user) ?? new Map();
            this.#numbers.set(user, numbers.set(object.name, number));
        }
    }
    async #checkIndex(object, user) {
        const { manifest } = user;
        const decrypted = await this.#open(object);
        if (decrypted === undefined || manifest.index === null)
            return;
        try {
            const index = await unpackIndex(manifest.index, decrypted);
            const find = packFinder(manifest);
            const due = this.#numbers.get(user);
            const numbers = index.packs.map(({ backup, name }) => due?.get(packName(manifest.component, find(backup, name))));
            for (let i = 0; i < index.chunks.length; i++) {
                const ref = index.chunks.at(i);
                const number = numbers[ref.pack];
                if (number !== undefined)
                    this.#refs.add({ ...ref, pack: number });
            }
        }
        catch (error) {
            if (!(0,errors/* hasCode */.up)(error, 'damaged'))
                throw error;
            this.#found('bad-index', object, `is no index of its backup: ${error.message}`);
        }
    }
    async #checkPack(object, number) {
        const decrypted = await this.#open(object);
        if (decrypted === undefined)
            return;
        const { keyring, signal } = this.#request;
        const keys = await keyring?.chain(object.idSalt, object.iterations);
        if (keys === undefined)
            return;
        const bad = [];
        const look = (ref) => badChunk(object.file, decrypted, ref, keys.id);
        for await (const chunk of sideBySide(this.#refs.of(number), CHUNKS_AT_A_TIME, look)) {
            signal.throwIfAborted();
            if (chunk === undefined)
                this.chunks++;
            else
                bad.push(`at byte ${chunk.offset} ${chunk.why}`);
        }
        if (bad.length === 0)
            return;
        this.#found('bad-chunk', object, `holds ${bad.length === 1 ? 'a bad chunk' : `${bad.length} bad chunks`}: ${bad[0]}`);
    }
    /** Its plaintext, if it is what was written and some manifest that can be believed says how to decrypt it. */
    async #open(object) {
        const stored = await this.#get(object);
        const { keyring } = this.#request;
        if (stored === undefined || keyring === undefined || !object.users.some(({ authentic }) => authentic))
            return;
        try {
            const plain = decryptPack(await keyring.pack(object.salt, object.iterations), stored);
            this.opened++;
            return plain;
        }
        catch (error) {
            if (!(0,errors/* hasCode */.up)(error, 'damaged'))
                throw error;
            this.#found('undecryptable', object, `cannot be decrypted: ${error.message}`);
            return;
        }
    }
    async #get(object) {
        const { store, signal, advance } = this.#request;
        const { name, size } = object;
        try {
            let bytes = await store.get(name, { limit: size, signal });
            // It may have been damaged on its way alone.
            if (!isWritten(object, bytes))
                bytes = await store.get(name, { limit: size, signal });
            advance(size);
            if (isWritten(object, bytes)) {
                this.read.objects++;
                this.read.bytes += size;
                return bytes;
            }
            if (bytes.length === size)
                this.#found('altered', object, 'was altered: its SHA-256 is not the one that was written.');
            else
                this.#found('wrong-size', object, `gave ${bytes.length} bytes where ${size} were written.`);
        }
        catch (error) {
            if (signal.aborted)
                throw error;
            this.#failed(object, error);
        }
        return;
    }
    #failed(object, cause) {
        const { code, message, hint } = (0,errors/* asComebackError */.Mx)(cause);
        switch (code) {
            case 'not-found':
                this.vanished.push(object);
                break;
            case 'damaged':
                this.#found('wrong-size', object, `is not as it was written: ${message}`);
                break;
            case 'store-unavailable':
                if (++this.#unavailable >= UNAVAILABLE_LIMIT)
                    throw cause;
                this.#found('unreadable', object, `cannot be read: ${message}`, hint);
                break;
            case 'permission':
            case 'failed':
                this.#found('unreadable', object, `cannot be read: ${message}`, hint);
                break;
            default:
                throw cause;
        }
    }
    #found(code, { name, users }, what, hint) {
        const { component } = this.#request;
        const hurts = hurtBy(users.map(({ entry }) => entry));
        this.findings.push(finding({ code, component, object: name, what, hint, hurts }));
    }
}
function sum(objects) {
    return objects.reduce((bytes, { size }) => bytes + size, 0);
}
function isWritten({ size, sha256 }, bytes) {
    return bytes.length === size && (0,external_node_crypto_.createHash)('sha256').update(bytes).digest('hex') === sha256;
}

;// CONCATENATED MODULE: ./build/engine/check-sample.js
/** Which objects are read today, if only some are: others tomorrow, so that all are read in time. */

const check_sample_DAY = 24 * 60 * 60 * 1000;
/**
 * Every object has a place on a circle of 100, by its name. A window of `percent` moves on by its own width each UTC day:
 * within any ceil(100 / percent) days in a row it passes over the whole circle, without anything being remembered.
 */
function isDue(name, percent, now) {
    if (percent >= 100)
        return true;
    const place = ((0,external_node_crypto_.createHash)('sha256').update(name).digest().readUInt32LE(0) / 2 ** 32) * 100;
    const start = (Math.floor(now.getTime() / check_sample_DAY) * percent) % 100;
    return (place - start + 100) % 100 < percent;
}

;// CONCATENATED MODULE: ./build/engine/check.js
/**
 * The use case: whether everything that the manifests name is there, and is what was written. Needs no database, and writes
 * nothing. Existence and sizes come from one listing; only what it seems to lack is looked up in a second one, since backups
 * and prunes go on meanwhile.
 */






/** Throws `no-such-backup` if there is nothing to check: a check that could not run has not passed. */
async function check(request) {
    const { store, components, keyring, percent, now, signal } = request;
    const started = now();
    const [only, ...more] = components;
    const catalog = await readCatalog(store, more.length === 0 ? only : undefined, signal);
    if (!catalog.entries.some(({ component, kind }) => kind === 'backup' && components.includes(component))) {
        throw new errors/* ComebackError */.U$('no-such-backup', `There is nothing to check: ${store.location} holds no backup.`, {
            hint: 'Is it the right store? `comeback list` shows what it holds.',
        });
    }
    const results = [];
    for (const component of components)
        results.push(await checkComponent(request, component, catalog, started));
    return {
        command: 'check',
        store: store.location,
        seconds: (now().getTime() - started.getTime()) / 1000,
        key: keyring !== undefined,
        percent,
        components: results.map(({ checked }) => checked),
        findings: results.flatMap(({ findings }) => findings),
        foreign: catalog.foreign.length,
    };
}
async function checkComponent(request, component, catalog, now) {
    const { store, keyring, signal, progress } = request;
    const entries = entriesOf(catalog, component);
    progress({ type: 'phase', component, text: 'reading manifests' });
    const inventory = await takeInventory(store, component, entries, keyring, signal);
    const { objects } = inventory;
    const { absent, listing } = await confirmed(request, component, inventory, catalog, now);
    const present = objects.filter(({ name, size }) => listing.objects.get(name)?.size === size);
    const reading = await read(request, component, inventory, present, now);
    const late = reading.vanished.length === 0
        ? []
        : absentees(component, reading.vanished, await readCatalog(store, component, signal), now);
    progress({ type: 'done', component });
    const findings = [...inventory.findings, ...absent, ...reading.findings, ...late];
    const hurt = new Set(findings.flatMap(({ hurts }) => hurts));
    const backups = inventory.known.filter(({ entry }) => entry.kind === 'backup');
    const checked = {
        component,
        backups: { whole: backups.filter(({ entry }) => !hurt.has(entry.id)).length, hurt: hurt.size },
        authenticated: backups.filter(({ authentic }) => authentic).length,
        placeholders: entries.filter(({ kind }) => kind === 'placeholder').length,
        named: amount(objects),
        present: amount(present),
        read: reading.read,
        opened: reading.opened,
        chunks: reading.chunks,
        orphans: orphansOf(catalog, component, entries, inventory),
    };
    return { checked, findings };
}
/** Of a backup and a placeholder with one id the backup counts; it stands first. */
function entriesOf(catalog, component) {
    const ours = catalog.entries.filter(entry => entry.component === component);
    return ours.filter(({ id }, position) => ours[position - 1]?.id !== id);
}
/** What is not there, and was not only written after the listing, or pruned together with its backup. */
async function confirmed({ store, signal }, component, { objects, vanished }, catalog, now) {
    const suspects = absentees(component, objects, catalog, now);
    if (suspects.length === 0 && vanished.length === 0)
        return { absent: [], listing: catalog };
    const fresh = await readCatalog(store, component, signal);
    const names = new Set(suspects.map(({ object }) => object));
    const again = objects.filter(({ name }) => names.has(name));
    const absent = [...withheld(vanished, fresh), ...absentees(component, again, fresh, now)];
    return { absent, listing: fresh };
}
async function read({ store, keyring, percent, progress, signal }, component, { known }, present, now) {
    const due = present.filter(({ name }) => isDue(name, percent, now));
    const own = new Map(present.map(object => [object.name, object]));
    const indexes = new Map(known.flatMap(user => {
        const name = user.manifest.index?.name;
        const object = name === undefined ? undefined : own.get(`${component}/${user.entry.id}/${name}`);
        return object === undefined ? [] : [[user, object]];
    }));
    if (due.length > 0)
        progress({ type: 'phase', component, text: 'reading objects' });
    let done = 0;
    return readObjects({
        store,
        component,
        keyring,
        due,
        indexes,
        signal,
        expect: bytes => progress({ type: 'expect', component, bytes }),
        advance(bytes) {
            done += bytes;
            progress({ type: 'bytes', component, done, fresh: 0, stored: 0 });
        },
    });
}
/** Objects that no manifest names. Of a manifest that cannot be believed nobody knows what it named. */
function orphansOf(catalog, component, entries, { known, objects }) {
    const readable = new Set(known.map(({ entry }) => entry.id));
    const obscure = new Set(entries.map(({ id }) => id).filter(id => !readable.has(id)));
    const named = new Set([...objects.map(({ name }) => name), ...entries.map(manifestName)]);
    return amount([...catalog.objects.values()].filter(({ name }) => {
        const place = parseObjectName(name);
        return place?.component === component && !obscure.has(place.id) && !named.has(name);
    }));
}
function amount(objects) {
    return { objects: objects.length, bytes: objects.reduce((bytes, { size }) => bytes + size, 0) };
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
        for await (const span of ahead(this.#spans(first, count), 1, span => this.#fetch(span, signal))) {
            const chunks = span.refs.values();
            for await (const plain of ahead(chunks, pack_reader_AHEAD, ref => this.#open(span, ref))) {
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
async function* ahead(items, depth, map) {
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
    const asked = catalog.entries.filter(({ component }) => components.includes(component));
    const backups = await allSideBySide(asked, MANIFESTS_AT_A_TIME, entry => list_describe(store, entry, keyring, signal));
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
            ...(manifest.purpose === undefined ? {} : { purpose: manifest.purpose }),
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

;// CONCATENATED MODULE: ./build/engine/prune-description.js


/** Names in a message; the rest are counted. */
const NAMES_SHOWN = 3;
function describePrune(facts) {
    const { store, applied, policy, catalog, decisions, deleted, refused } = facts;
    const folders = foldersOf(facts);
    const refusedNames = new Set(refused.map(({ name }) => name));
    const told = new Set();
    const backups = decisions.map(({ record, keep, reasons }) => {
        const { component, id, kind } = record.entry;
        const path = `${component}/${id}`;
        const action = keep ? 'keep' : refusedNames.has(record.name) ? 'refused' : 'remove';
        // A run that failed at the very end may have left both records; the folder's objects are told of once.
        const folder = action === 'remove' && !told.has(path) ? folders.get(path) : undefined;
        if (folder !== undefined)
            told.add(path);
        return {
            component,
            id,
            time: (0,backup_id/* timeOf */.nR)(id).toISOString(),
            status: 'needs' in record ? record.status : 'damaged',
            action,
            reasons: action === 'refused' ? [...reasons, 'the store did not let it go'] : reasons,
            frees: prune_description_sum(folder?.going ?? []),
            outlived: kind === 'backup' ? (folder?.staying.length ?? 0) : 0,
        };
    });
    const leftovers = [...folders]
        .filter(([path, { going }]) => !told.has(path) && going.length > 0)
        .map(([, { component, id, going }]) => ({ component, id, ...prune_description_sum(going) }))
        .sort((a, b) => (a.id < b.id ? 1 : -1));
    const existing = [...folders.values()];
    return {
        command: 'prune',
        store: store.location,
        applied,
        policy,
        backups,
        leftovers,
        kept: {
            backups: backups.filter(({ action, status }) => action !== 'remove' && status !== 'failed').length,
            bytes: prune_description_sum(existing.flatMap(({ staying, records }) => [...staying, ...records])).bytes,
        },
        removed: {
            backups: backups.filter(({ action, status }) => action === 'remove' && status !== 'failed').length,
            ...prune_description_sum([...catalog.objects.values()].filter(({ name }) => deleted.has(name))),
        },
        foreign: [...catalog.foreign, ...facts.strange],
        problems: [...refusalProblems(refused), ...recordProblems(decisions)],
    };
}
function foldersOf({ catalog, components, deleted }) {
    const folders = new Map();
    for (const object of catalog.objects.values()) {
        const place = parseObjectName(object.name);
        if (place === undefined || !components.includes(place.component))
            continue;
        const { component, id, file } = place;
        const path = `${component}/${id}`;
        const folder = folders.get(path) ?? { component, id, going: [], staying: [], records: [] };
        folders.set(path, folder);
        if (deleted.has(object.name))
            folder.going.push(object);
        else if (file === MANIFEST || file === PLACEHOLDER)
            folder.records.push(object);
        else
            folder.staying.push(object);
    }
    return folders;
}
function prune_description_sum(objects) {
    return { objects: objects.length, bytes: objects.reduce((bytes, { size }) => bytes + size, 0) };
}
function refusalProblems(refused) {
    return [...Map.groupBy(refused, ({ error }) => error.code).values()].map(group => {
        const { message = '', hint } = group[0]?.error ?? {};
        return {
            severity: 'failed',
            message: `The store did not let ${group.length === 1 ? 'an object' : `${group.length} objects`} go (${shown(group.map(({ name }) => name))}): ${message}`,
            hint: hint ??
                'Give these credentials the right to delete, or wait until the lock on the objects ends; then prune again.',
        };
    });
}
function recordProblems(decisions) {
    const problems = [];
    for (const { record } of decisions) {
        if (record.trust !== 'damaged')
            continue;
        problems.push({
            severity: 'warning',
            message: `${record.why} It stays, and so do the packs of all older ${record.entry.component} backups: it may lean on them.`,
            hint: `Bring ${record.name} back from a copy of the store, or delete it by hand if you can do without that backup.`,
        });
    }
    const others = decisions.filter(({ record }) => record.trust === 'other');
    if (others.length > 0) {
        problems.push({
            severity: 'warning',
            message: `${others.length === 1 ? 'A backup was' : `${others.length} backups were`} made with another key (${shown(others.map(({ record }) => record.entry.id))}), so all of that stays.`,
            hint: 'Prune with that key, too.',
        });
    }
    return problems;
}
function shown(names) {
    const more = names.length - NAMES_SHOWN;
    return `${names.slice(0, NAMES_SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

;// CONCATENATED MODULE: ./build/engine/prune-plan.js
/** Which records stay and which go, and why: pure. */


const prune_plan_DAY = 24 * 60 * 60 * 1000;
/** Milliseconds that a placeholder stays in sight. */
const WEEK = 7 * prune_plan_DAY;
/** For each record, in their order, whether it stays, and why. */
function decide(records, policy, now) {
    const known = records.filter((record) => record.trust === 'known');
    const backups = known.filter(({ entry }) => entry.kind === 'backup');
    const kept = new Map();
    for (const members of Map.groupBy(backups, ({ entry }) => entry.component).values()) {
        const candidates = members.map(record => ({
            record,
            id: record.entry.id,
            source: record.source,
            safety: record.safety,
            complete: record.status === 'complete',
        }));
        for (const [{ record }, reasons] of reasonsToKeep(candidates, policy, now))
            kept.set(record, reasons);
    }
    return records.map(record => {
        const reasons = kept.get(record) ?? otherReasons(record, backups, policy, now);
        const keep = reasons.length > 0;
        return { record, keep, reasons: keep ? reasons : [whyGo(record, policy)] };
    });
}
function otherReasons(record, backups, policy, now) {
    if (!('needs' in record))
        return [record.trust === 'gone' ? 'its record vanished just now' : 'its record cannot be read'];
    if (record.trust === 'other')
        return ['made with another key'];
    return placeholderReasons(record, backups, policy, now);
}
/**
 * A failed run stays in sight until a later one has done better. One that left packs may be resumed by a running backup of
 * its source until a complete one of that source is older than the grace time; if there is none, its source was given up, and
 * retention's days decide. A safety backup is nothing better than what was to be backed up: it counts for its like alone.
 */
function placeholderReasons(record, backups, { days }, now) {
    const { component, id } = record.entry;
    const age = now.getTime() - (0,backup_id/* timeOf */.nR)(id).getTime();
    if (age < 0)
        return ['dated in the future'];
    if (age < WEEK)
        return ['younger than 7 days'];
    const better = backups.filter(({ entry, status, safety }) => entry.component === component &&
        (record.safety || !safety) &&
        entry.id >= id &&
        status === 'complete' &&
        now.getTime() - (0,backup_id/* timeOf */.nR)(entry.id).getTime() >= GRACE);
    if (better.length === 0)
        return ['no newer backup is complete'];
    if (!record.hasIndex || better.some(({ source }) => source === record.source))
        return [];
    return age < days * prune_plan_DAY ? ['a later run may resume it'] : [];
}
function whyGo(record, policy) {
    if (record.entry.kind === 'placeholder')
        return 'a newer backup is complete';
    if ('safety' in record && record.safety)
        return `a safety backup older than ${daysText(policy)}`;
    const slots = [policy.last, policy.hourly, policy.daily, policy.weekly, policy.monthly, policy.yearly];
    const none = slots.every(slot => slot === undefined);
    const age = `older than ${daysText(policy)}`;
    return none ? age : `${age}, in no slot`;
}
function daysText({ days }) {
    return days === 1 ? '24 h' : `${days} days`;
}

;// CONCATENATED MODULE: ./build/engine/records.js
/** What the store says of each backup and each failed run, as far as it can be read and believed: what `prune` decides by. */






/** One for each entry, in their order. Throws what may pass, and what forbids reading. */
async function readRecords(store, catalog, entries, options) {
    const { keyring, cache, signal } = options;
    return allSideBySide(entries, MANIFESTS_AT_A_TIME, async (entry) => {
        const name = recordName(entry);
        const cached = cache.get(name);
        if (cached !== undefined)
            return cached;
        const record = await readRecord(store, entry, catalog, keyring, signal);
        if ('needs' in record)
            cache.set(name, record);
        return record;
    });
}
function recordName({ component, id, kind }) {
    return objectName({ component, id, file: kind === 'backup' ? MANIFEST : PLACEHOLDER });
}
async function readRecord(store, entry, catalog, keyring, signal) {
    const name = recordName(entry);
    try {
        const manifest = await manifestOf(store, entry, signal);
        const { status, source, index } = manifest;
        const safety = manifest.purpose === 'safety';
        const trust = keyring === undefined || (await isOurs(manifest, keyring)) ? 'known' : 'other';
        return { entry, name, trust, status, source, safety, hasIndex: index !== null, needs: needsOf(manifest, catalog) };
    }
    catch (error) {
        if (!(0,errors/* hasCode */.up)(error, 'damaged', 'unsupported', 'not-found'))
            throw error;
        const trust = error.code === 'not-found' ? 'gone' : 'damaged';
        return { entry, name, trust, why: (0,errors/* asComebackError */.Mx)(error).message };
    }
}
/** The listing's own strings where there are such: the same pack is named by many manifests. */
function needsOf(manifest, catalog) {
    const { component, id, index } = manifest;
    const names = packsOf(manifest).map(pack => packName(component, pack));
    if (index !== null)
        names.push(objectName({ component, id, file: index.name }));
    return names.map(name => catalog.objects.get(name)?.name ?? name);
}

;// CONCATENATED MODULE: ./build/engine/unneeded.js
/** Which packs and indexes nothing needs any more: pure, so that plan and deed follow the same rules. */



/** Milliseconds that a backup may take. */
const LONGEST_RUN = 7 * 24 * 60 * 60 * 1000;
/** The names that packs and indexes have; anything else in a backup's folder is not ours to delete. */
const PACK_FILE = /^\d{2,}-(schema|data)-\d{4,}\.(sql|tar)\.(gz|zst)\.enc$/;
const INDEX_FILE = /^index\.(gz|zst)\.enc$/;
/**
 * Packs and indexes that none of these records needs. Everything is left that
 * - lies in a folder that is younger than the grace time, or, if it holds neither record nor index, than a week: a backup may
 *   be writing it, and nothing tells of that before it is finished;
 * - is not newer than a record that could not be read: what that one leans on, nobody knows.
 *
 * An index comes last in a backup, so it marks a folder that no run is filling any more. It goes last, too, when no pack of the
 * folder is left, or a prune that was cut short would have to wait a week for the rest.
 */
function unneeded(catalog, components, records, now) {
    const needed = new Set(records.flatMap(record => ('needs' in record ? record.needs : [])));
    const unread = newestIds(records.filter(record => !('needs' in record)));
    const recorded = new Set(records.map(({ entry }) => folderOf(entry)));
    const packs = [];
    const indexes = [];
    const strange = [];
    for (const [folder, members] of unneeded_foldersOf(catalog, components)) {
        const { component, id } = members[0].place;
        const finished = recorded.has(folder) || members.some(({ place }) => INDEX_FILE.test(place.file));
        const age = now.getTime() - (0,backup_id/* timeOf */.nR)(id).getTime();
        const old = age >= (finished ? GRACE : LONGEST_RUN) && id > (unread.get(component) ?? '');
        const may = ({ object }) => old && !needed.has(object.name);
        const own = members.filter(({ place }) => PACK_FILE.test(place.file));
        const going = own.filter(may);
        packs.push(...going.map(({ object }) => object));
        for (const member of members) {
            const { file } = member.place;
            const last = recorded.has(folder) || going.length === own.length;
            if (INDEX_FILE.test(file) && last && may(member))
                indexes.push(member.object);
            if (!unneeded_isOurs(file))
                strange.push(member.object.name);
        }
    }
    return { packs, indexes, strange };
}
function unneeded_foldersOf(catalog, components) {
    const folders = new Map();
    for (const object of catalog.objects.values()) {
        const place = parseObjectName(object.name);
        if (place === undefined || !components.includes(place.component))
            continue;
        const member = { object, place };
        const members = folders.get(folderOf(place));
        if (members === undefined)
            folders.set(folderOf(place), [member]);
        else
            members.push(member);
    }
    return folders;
}
function folderOf({ component, id }) {
    return `${component}/${id}`;
}
function unneeded_isOurs(file) {
    return file === MANIFEST || file === PLACEHOLDER || PACK_FILE.test(file) || INDEX_FILE.test(file);
}
function newestIds(records) {
    const newest = new Map();
    for (const { entry } of records) {
        if (entry.id > (newest.get(entry.component) ?? ''))
            newest.set(entry.component, entry.id);
    }
    return newest;
}

;// CONCATENATED MODULE: ./build/engine/prune.js
/**
 * The use case: what retention lets go leaves the store, records first, then the packs that nothing needs any more. A run
 * that is interrupted anywhere leaves packs without a record, which the next run removes.
 *
 * A backup exists if and only if its manifest exists, so deleting that is the removal. Packs are counted by what the
 * remaining manifests name, and packs of a removed backup stay while a newer one leans on them.
 *
 * There are no locks, so another run may be at work on the same store, and nothing shows of a backup before it is finished.
 * Why none is harmed:
 *
 * - One that finished since the records were read is seen: the catalogue is read again after the manifests were deleted, and
 *   only what that second reading does not need is deleted.
 * - The packs of one still running lie in a folder that is named by the time it started, and that has neither record nor
 *   index yet. Such a folder is left alone for a week. (Of a run longer than the grace time that leaves the moment between its
 *   index and its manifest.)
 * - The packs that it leans on are those of the newest backup B of its source at the time it started, and of placeholders
 *   since. If B still is the newest, it is kept. B may only go if a newer C of that source is older than the grace
 *   time, since retention keeps the newest such and all that are younger. So C was running, too, when the run chose B. Thus two
 *   runs of one source overlapped that together took longer than the grace time.
 * - Safety backups go by their age alone. No other backup leans on one, and they themselves only on one that has a day left.
 * - Even then the run looks whether all packs that it leans on are there just before it writes its manifest, and fails if one is
 *   not. What is left is a run that does both while the last packs are being deleted, in a case that takes two overlapping
 *   runs of a day: without locks no store can close that.
 *
 * Two prunes at once delete the same things, or each what its own policy lets go; the rules above hold for both.
 */









/** Deletes under way at a time. */
const DELETERS = 8;
/** Of one object: the next may be deleted all the same. */
const REFUSALS = ['permission', 'unsupported', 'failed', 'store-foreign'];
/** Throws where the store can't be read or reached. Deletes that it refuses stand in the report. */
async function prune(request) {
    const { store, components, policy, signal } = request;
    const now = request.now();
    const cache = new Map();
    const seen = await look(request, cache, () => true);
    const decisions = decide(seen.records, policy, now);
    const staying = decisions.filter(({ keep }) => keep).map(({ record }) => record);
    const going = decisions.filter(({ keep }) => !keep).map(({ record }) => record.name);
    const plan = unneeded(seen.catalog, components, staying, now);
    const facts = { store, components, policy: policyText(policy), decisions, strange: plan.strange };
    if (!request.apply) {
        const deleted = new Set([...going, ...namesOf(plan.packs), ...namesOf(plan.indexes)]);
        return describePrune({ ...facts, applied: false, catalog: seen.catalog, deleted, refused: [] });
    }
    announce(request, going, 'old record');
    const records = await remove(store, going, signal);
    const again = await look(request, cache, ({ name }) => !records.deleted.has(name));
    const doomed = unneeded(again.catalog, components, again.records, now);
    announce(request, namesOf(doomed.packs), 'object');
    const packs = await remove(store, namesOf(doomed.packs), signal);
    const indexes = await remove(store, namesOf(doomed.indexes), signal);
    for (const component of components)
        request.progress({ type: 'done', component });
    const removals = [records, packs, indexes];
    return describePrune({
        ...facts,
        applied: true,
        catalog: { ...again.catalog, objects: new Map([...seen.catalog.objects, ...again.catalog.objects]) },
        deleted: new Set(removals.flatMap(({ deleted }) => [...deleted])),
        refused: removals.flatMap(({ refused }) => refused),
    });
}
async function look({ store, components, keyring, signal }, cache, wanted) {
    const [only, ...more] = components;
    const catalog = await readCatalog(store, more.length === 0 ? only : undefined, signal);
    const entries = catalog.entries.filter(entry => components.includes(entry.component) && wanted({ name: recordName(entry) }));
    return { catalog, records: await readRecords(store, catalog, entries, { keyring, cache, signal }) };
}
/** What the store refuses is noted, and the rest goes on. What may pass, or concerns everything, is thrown. */
async function remove(store, names, signal) {
    const deleted = new Set();
    const refused = [];
    const removals = sideBySide(names, DELETERS, async (name) => {
        signal.throwIfAborted();
        try {
            await store.delete(name, signal);
            deleted.add(name);
        }
        catch (error) {
            if (!(0,errors/* hasCode */.up)(error, ...REFUSALS))
                throw error;
            refused.push({ name, error });
        }
    });
    for await (const _ of removals)
        ;
    return { deleted, refused };
}
function announce({ progress }, names, noun) {
    for (const [component, own] of Map.groupBy(names, name => parseObjectName(name)?.component)) {
        if (component === undefined)
            continue;
        progress({ type: 'phase', component, text: `removing ${own.length} ${noun}${own.length === 1 ? '' : 's'}` });
    }
}
function namesOf(objects) {
    return objects.map(({ name }) => name);
}

;// CONCATENATED MODULE: ./build/engine/restore-consent.js
/** Whether somebody has said that the target may lose what it holds, by typing its name. */

/** Without a safety backup, a name must be typed in any case. */
function needsName(target, safety) {
    return safety?.wanted === false || target.needsConfirmation;
}
/** Of a database its own, of a folder the last part of its path. */
function nameOf(target) {
    if (target.kind === 'database')
        return target.database;
    return target.place.split(/[/\\]/).findLast(part => part !== '') ?? target.place;
}
/**
 * The Sink to restore with. Throws what the plan says would be refused, `not-empty` where a name must be given and nobody is
 * there to type it, `usage` for another one.
 */
async function consentTo(plan, sink, consent) {
    const { target, confirm } = plan;
    if (target.refusal !== undefined) {
        const { code, message, hint } = target.refusal;
        throw new errors/* ComebackError */.U$(code, message, { hint });
    }
    if (confirm === undefined)
        return sink;
    if (consent.name !== undefined) {
        if (consent.name !== confirm)
            throw another(plan, confirm, consent.name);
        return sink;
    }
    const { ask, named } = consent;
    if (ask === undefined || named === undefined)
        throw unconfirmed(plan, confirm);
    const typed = (await ask(question(plan))).trim();
    if (typed !== confirm)
        throw another(plan, confirm, typed);
    return named(typed);
}
function question({ target }) {
    return `Type the name of the ${target.kind} to replace what ${target.place} holds: `;
}
function unconfirmed({ target, safety }, name) {
    const what = safety?.wanted === false ? ', without a safety backup of it' : '';
    return new errors/* ComebackError */.U$('not-empty', `The restore would replace what ${target.place} holds${what}.`, {
        hint: `Nothing was changed. Confirm the ${target.kind} by its name, ${JSON.stringify(name)}, with --confirm NAME. --dry-run shows what would be lost.`,
    });
}
function another({ target }, name, given) {
    return new errors/* ComebackError */.U$('usage', `The restore would go into the ${target.kind} ${JSON.stringify(name)} (${target.place}), and ${JSON.stringify(given)} was confirmed.`, { hint: 'Nothing was changed. Correct the target, or type its name.' });
}

;// CONCATENATED MODULE: ./build/engine/safety.js
/**
 * Before a target that holds anything is touched, it is backed up: whatever the restore then does, or whoever aimed it at the
 * wrong place, `--undo` brings back what was there. What is written to the target after that backup's snapshot and before the
 * restore is in neither.
 */


/** What a plan says of it; undefined where there is nothing to lose. */
function plannedSafety(safety, target) {
    if (safety === undefined || !losesAnything(target))
        return undefined;
    const { wanted, store } = safety;
    const bytes = target.kind === 'database' ? target.holds?.bytes : undefined;
    return { wanted, store, ...(bytes === undefined ? {} : { bytes }) };
}
/**
 * Returns the safety backup, undefined where the target has nothing to lose or nobody wants one. Throws if it fails: then
 * nothing was touched. A partial one counts as failed: the file that changed while it was read is the one that somebody works
 * on, and would be lost.
 */
async function keepTarget(safety, target, progress) {
    if (safety === undefined || !safety.wanted || !losesAnything(target))
        return undefined;
    if (safety.refusal !== undefined)
        throw safety.refusal;
    const source = safety.source(target);
    const { component } = source;
    const stopped = (error) => new errors/* ComebackError */.U$(error.code, `The safety backup of ${target.place} failed, so nothing was touched: ${error.message}`, {
        hint: [
            ...(error.hint === undefined ? [] : [error.hint]),
            'Or put it into another store with --safety-store LOCATION, or restore without one: --no-safety-backup and --confirm NAME.',
        ].join(' '),
        cause: error,
    });
    progress({ type: 'phase', component, text: 'safety backup: looking at the store' });
    try {
        const request = await safety.request();
        const outcome = await backup({ ...request, source, purpose: 'safety', progress: event => progress(named(event)) });
        if (outcome.status === 'failed') {
            const { code, message, hint } = outcome.error;
            throw new errors/* ComebackError */.U$(code, message, { hint });
        }
        if (outcome.status === 'partial')
            throw incomplete(outcome.id, outcome.problems);
        return { id: outcome.id, store: request.store.location };
    }
    catch (error) {
        const known = (0,errors/* asComebackError */.Mx)(error);
        throw known.code === 'cancelled' ? known : stopped(known);
    }
    finally {
        progress({ type: 'done', component });
    }
}
/** An error of the restore that comes after it says where the former content is. */
function tellingOf(kept, error, component) {
    if (kept === undefined)
        return error;
    const { code, message, hint } = (0,errors/* asComebackError */.Mx)(error);
    const where = `What the target held is safe in ${kept.store}, as ${kept.id}; comeback restore ${component} --undo brings it back if it is gone.`;
    return new errors/* ComebackError */.U$(code, message, { hint: hint === undefined ? where : `${hint} ${where}`, cause: error });
}
/** A folder loses only what is replaced or goes; a database that is restored over, all that it holds. */
function losesAnything(target) {
    return target.kind === 'database' ? target.holds !== undefined : target.losses.length > 0;
}
function incomplete(id, problems) {
    const [first] = problems;
    return new errors/* ComebackError */.U$('source-changed', `It is partial (${id}). ${first?.message ?? ''}`.trimEnd(), {
        hint: 'See that nobody changes the target now, and that all of it may be read, then restore again.',
    });
}
function named(event) {
    return event.type === 'phase' ? { ...event, text: `safety backup: ${event.text}` } : event;
}

;// CONCATENATED MODULE: ./build/engine/restore-plan.js





/** Throws as a restore does before it begins; what would be refused for its target stands in the report instead. */
async function planRestore(request) {
    const { plan } = await prepareRestore(request);
    request.progress({ type: 'done', component: request.component });
    return plan;
}
async function prepareRestore(request) {
    const { store, keyring, component, sink, safety, progress, signal, now } = request;
    const manifest = await findBackup(store, component, request.moment, keyring, signal);
    progress({ type: 'phase', component, text: `opening ${manifest.id}` });
    const stored = await openBackup(store, manifest, keyring, signal);
    const found = await sink.inspect(stored, { phase: text => progress({ type: 'phase', component, text }), advance: () => undefined }, signal);
    const planned = plannedSafety(safety, found);
    const cannot = planned?.wanted === true && found.refusal === undefined ? safety?.refusal : undefined;
    const target = cannot === undefined ? found : { ...found, refusal: refusalOf(cannot) };
    const ownSource = await isOwnSource(manifest, keyring, sink);
    const plan = {
        command: 'restore-plan',
        store: store.location,
        component,
        id: manifest.id,
        time: manifest.time,
        status: manifest.status === 'partial' ? 'partial' : 'complete',
        age: Math.max(0, (now().getTime() - Date.parse(manifest.time)) / 1000),
        bytes: manifest.bytes.plain,
        ...(planned === undefined ? {} : { safety: planned }),
        ...(needsName(target, planned) ? { confirm: nameOf(target) } : {}),
        ...(ownSource === undefined ? {} : { ownSource }),
        target,
    };
    return { manifest, stored, plan };
}
/** By the keyed hash that a backup holds of its source. One that was named with --source is found under no address. */
async function isOwnSource({ source, idSalt, kdf, component }, keyring, { identity }) {
    if (identity === undefined)
        return undefined;
    return source === (await sourceHash(keyring, idSalt, kdf.iterations, component, identity));
}
function refusalOf({ code, message, hint }) {
    return { code, message, hint };
}

;// CONCATENATED MODULE: ./build/engine/restore.js



async function restore(request) {
    const { component, safety, progress, signal, now } = request;
    const started = now();
    const { manifest, stored, plan } = await prepareRestore(request);
    progress({ type: 'plan', component, plan });
    const sink = await consentTo(plan, request.sink, request.consent ?? {});
    const kept = await keepTarget(safety, plan.target, progress);
    progress({ type: 'expect', component, bytes: manifest.bytes.plain });
    let done = 0;
    const counting = {
        phase: (text) => progress({ type: 'phase', component, text }),
        advance(bytes) {
            done += bytes;
            progress({ type: 'bytes', component, done, fresh: 0, stored: 0 });
        },
    };
    const result = await sink.restore(stored, counting, signal).catch((error) => {
        throw tellingOf(kept, error, component);
    });
    progress({ type: 'done', component });
    return {
        command: 'restore',
        component,
        id: manifest.id,
        time: manifest.time,
        seconds: (now().getTime() - started.getTime()) / 1000,
        bytes: manifest.bytes.plain,
        summary: result.summary,
        ...(kept === undefined ? {} : { safety: { ...kept, undo: undoCommand(kept, plan) } }),
        problems: [...partialProblems(manifest), ...result.problems],
    };
}
/** Without the options that say which store and which target: those may hold secrets, and are as they were. */
function undoCommand(kept, { component, target, store }) {
    const where = kept.store === store ? '' : ` --safety-store ${kept.store}`;
    const overwrite = target.kind === 'folder' ? ' --overwrite' : '';
    const named = target.kind === 'database' || target.way === 'swap' ? ` --confirm ${nameOf(target)}` : '';
    return `comeback restore ${component} --undo${where}${overwrite}${named}`;
}
function partialProblems({ id, status }) {
    if (status !== 'partial')
        return [];
    const message = `The backup ${id} itself is partial: some files changed or vanished while it was made.`;
    return [{ severity: 'warning', message }];
}

;// CONCATENATED MODULE: ./build/engine/status-steps.js
const status_steps_HOUR = 60 * 60 * 1000;
/** Empty if all is well. `maxAge` in milliseconds. */
function nextSteps(status, maxAge) {
    const { component, state, overdue, since } = status;
    const run = `comeback backup ${component}`;
    if (state === 'never') {
        return overdue
            ? [`There is no ${component} backup here at all: is this the right store? If so, run ${run}.`]
            : [`If it should be backed up: ${run}`];
    }
    const steps = [];
    const [newest] = since;
    if (newest?.status === 'failed')
        steps.push(`The newest run failed. Its log says why; then run ${run} again.`);
    if (newest?.status === 'partial')
        steps.push('The newest backup is partial. Its log names what is missing.');
    if (since.some(({ status }) => status === 'damaged')) {
        steps.push(`A newer backup is damaged. comeback check ${component} looks closer; ${run} makes a good one.`);
    }
    if (since.some(({ status }) => status === 'future')) {
        steps.push('A backup is dated in the future: a clock was wrong. It counts for nothing here.');
    }
    if (state === 'bad' && steps.length === 0)
        steps.push(`No backup is complete. Run ${run}.`);
    if (state === 'good' && overdue) {
        const why = since.length === 0 ? ' and nothing ran since. See whether the schedule is still on, or' : ':';
        steps.push(`The last good backup is older than ${hours(maxAge ?? 0)}${why} run ${run} now.`);
    }
    return steps;
}
function hours(milliseconds) {
    const count = milliseconds / status_steps_HOUR;
    return count < 72 ? `${Number(count.toFixed(1))} h` : `${Number((count / 24).toFixed(1))} days`;
}

;// CONCATENATED MODULE: ./build/engine/status.js
/**
 * The use case: for each component the last good backup, how old it is, and whether that is too old. Ids hold times, so of ten
 * thousand backups only the newest manifests are read, back to the first that is complete.
 */








const status_DAY = 24 * 60 * 60 * 1000;
/** Milliseconds that another machine's clock may be ahead before a backup of its counts as dated in the future. */
const CLOCK_SKEW = 60 * 60 * 1000;
/** Later records that are told of; the rest are counted. */
const SINCE_SHOWN = 5;
async function status_status(request) {
    const { store, components, maxAge, signal } = request;
    const now = request.now();
    const [only, ...more] = components;
    const catalog = await readCatalog(store, more.length === 0 ? only : undefined, signal);
    // Of all components some may not be in use. But who asks about them by name, or finds a store with no backup at all, must hear it.
    const mustExist = components.length < format_manifest/* COMPONENTS */.$j.length || catalog.entries.length === 0;
    const found = [];
    for (const component of components) {
        const entries = catalog.entries.filter(entry => entry.component === component);
        const newest = await findNewest(request, entries, now);
        const state = newest.last !== undefined ? 'good' : entries.length > 0 ? 'bad' : 'never';
        const tooOld = newest.last === undefined ? state === 'bad' || mustExist : newest.last.age * 1000 > (maxAge ?? 0);
        const facts = {
            component,
            state,
            overdue: maxAge !== undefined && tooOld,
            ...newest,
            ...countsOf(component, entries),
            ...sizesOf(component, catalog.objects.values(), now),
        };
        found.push({ ...facts, next: nextSteps(facts, maxAge) });
    }
    return {
        command: 'status',
        store: store.location,
        time: now.toISOString(),
        ...(maxAge === undefined ? {} : { maxAge: maxAge / 1000 }),
        components: found,
    };
}
/** Entries come newest first. */
async function findNewest(request, entries, now) {
    const since = [];
    let sinceCount = 0;
    const pass = (later) => {
        sinceCount++;
        if (since.length < SINCE_SHOWN)
            since.push(later);
    };
    // The newest backup alone first: as a rule it is the good one.
    let width = 1;
    let from = 0;
    while (from < entries.length) {
        const batch = entries.slice(from, from + width);
        for await (const seen of sideBySide(batch, width, entry => status_look(request, entry, now, sinceCount < SINCE_SHOWN))) {
            if (seen === undefined)
                continue;
            if ('authenticated' in seen)
                return { last: seen, since, sinceCount };
            pass(seen);
        }
        from += width;
        width = MANIFESTS_AT_A_TIME;
    }
    return { since, sinceCount };
}
/** Undefined if the record was deleted just now, and for safety backups: they say nothing of whether backups are made. */
async function status_look({ store, keyring, signal }, entry, now, detailed) {
    const { id, kind } = entry;
    const date = (0,backup_id/* timeOf */.nR)(id);
    const time = date.toISOString();
    const age = Math.max(0, now.getTime() - date.getTime()) / 1000;
    // Believed to be good, it would keep the alarm quiet until that day.
    if (date.getTime() > now.getTime() + CLOCK_SKEW)
        return { id, time, status: 'future' };
    if (kind === 'placeholder' && !detailed)
        return { id, time, status: 'failed' };
    try {
        const manifest = await manifestOf(store, entry, signal);
        if (manifest.purpose === 'safety')
            return undefined;
        const authenticated = keyring !== undefined && (await isOurs(manifest, keyring));
        if (manifest.status === 'complete')
            return { id, time, age, bytes: manifest.bytes.plain, authenticated };
        return { id, time, status: manifest.status, ...(manifest.reason === null ? {} : { reason: manifest.reason }) };
    }
    catch (error) {
        if ((0,errors/* hasCode */.up)(error, 'not-found'))
            return undefined;
        if (!(0,errors/* hasCode */.up)(error, 'damaged', 'unsupported'))
            throw error;
        return { id, time, status: 'damaged', reason: (0,errors/* asComebackError */.Mx)(error).message };
    }
}
function countsOf(component, entries) {
    const own = entries.filter(entry => entry.component === component);
    const failed = own.filter(({ kind }) => kind === 'placeholder').length;
    return { backups: own.length - failed, failed };
}
function sizesOf(component, objects, now) {
    let [stored, days7, days30] = [0, 0, 0];
    for (const { name, size } of objects) {
        const place = parseObjectName(name);
        if (place?.component !== component)
            continue;
        const age = now.getTime() - (0,backup_id/* timeOf */.nR)(place.id).getTime();
        stored += size;
        if (age < 30 * status_DAY)
            days30 += size;
        if (age < 7 * status_DAY)
            days7 += size;
    }
    return { stored, grown: { days7, days30 } };
}

;// CONCATENATED MODULE: ./build/init/plan.js
/** What a repository's backups shall be: which components, when, and where to. */


const ARTIFACTS = 'artifact:';
/** What `comeback init` writes when nothing is said; the README shows it. */
const DEFAULT_PLAN = {
    components: ['database'],
    time: { hour: 2, minute: 17 },
    store: ARTIFACTS,
    s3Endpoint: undefined,
    s3Region: undefined,
    s3PathStyle: false,
    allowPublicArtifacts: false,
    files: [],
    exclude: [],
    configFiles: [],
    configEnv: [],
    retentionDays: 30,
};
const plan_DAY = 24 * 60;
const plan_GAP = 20;
const VERIFY_LATER = 130;
/** One line of crontab each, at odd minutes: GitHub delays, and drops, what is due on the hour. */
function cronsOf({ hour, minute }) {
    const at = (later, days) => {
        const due = (hour * 60 + (minute | 1) + later) % plan_DAY;
        return `${due % 60} ${Math.floor(due / 60)} ${days}`;
    };
    return {
        database: at(0, '* * *'),
        files: at(plan_GAP, '* * 0'),
        config: at(2 * plan_GAP, '1 * *'),
        verify: at(VERIFY_LATER, '* * 1'),
    };
}
/** In their own order, each once. Throws `usage`. */
function parseComponents(words) {
    const named = words.flatMap(word => word.split(/[\s,]+/)).filter(word => word !== '');
    const strange = named.find(word => word !== 'all' && !format_manifest/* COMPONENTS */.$j.some(component => component === word));
    if (strange !== undefined || named.length === 0) {
        throw new errors/* ComebackError */.U$('usage', `There is no component ${JSON.stringify(strange ?? '')}.`, {
            hint: `The components are: ${format_manifest/* COMPONENTS */.$j.join(', ')}; all means the three of them.`,
        });
    }
    return format_manifest/* COMPONENTS */.$j.filter(component => named.includes('all') || named.includes(component));
}
/** `02:17`. Throws `usage`. */
function parseTime(text) {
    const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim()) ?? [];
    if (hour === undefined || minute === undefined) {
        throw new errors/* ComebackError */.U$('usage', `${JSON.stringify(text)} is no time of day.`, {
            hint: 'Write hours and minutes, in UTC: 02:17.',
        });
    }
    return { hour: Number(hour), minute: Number(minute) };
}
/** Throws `usage` for a store that a runner could not keep backups in. */
function parseStore(text) {
    const store = text.trim();
    if (store === ARTIFACTS || /^s3:\/\/[^/\s]+/.test(store))
        return store;
    throw new errors/* ComebackError */.U$('usage', `Workflows cannot keep backups in ${store}.`, {
        hint: store.startsWith('file:')
            ? `A runner's disk is gone when the job ends. Use ${ARTIFACTS} or s3://BUCKET/PREFIX.`
            : `Use ${ARTIFACTS}, the artifacts of the repository that runs the workflow, or s3://BUCKET/PREFIX.`,
    });
}
/** Throws `usage` where a component lacks what it needs, or a value could not stand in a workflow. */
function checkPlan(plan) {
    const { components, files, configFiles, configEnv } = plan;
    if (components.includes('files') && files.length === 0)
        throw lacking('files', '--files');
    if (components.includes('config') && configFiles.length === 0 && configEnv.length === 0) {
        throw lacking('config', '--config-files or --config-env');
    }
    const values = [plan.store, plan.s3Endpoint ?? '', plan.s3Region ?? '', files, plan.exclude, configFiles, configEnv];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would end the value and begin something else
    const strange = values.flat().find(value => /[\u0000-\u001f\u007f]|\$\{\{|^\s|\s$/.test(value));
    if (strange === undefined)
        return plan;
    throw new errors/* ComebackError */.U$('usage', `${JSON.stringify(strange)} cannot stand in a workflow.`, {
        hint: 'Leave out line breaks, blanks at both ends, and ${{.',
    });
}
function lacking(component, option) {
    return new errors/* ComebackError */.U$('usage', `The component ${component} needs ${option}.`, {
        hint: `Say what it consists of, or leave it out: --components database.`,
    });
}

;// CONCATENATED MODULE: ./build/init/questions.js
/** From options to a plan: what no option says is asked where somebody can answer, and has a default elsewhere. */


/** How often somebody may mistype before it is taken for a script that answers by itself. */
const ATTEMPTS = 5;
/** The option's default, for the other verbs: a folder, which a runner cannot keep. So it counts as not given. */
const STANDARD_STORE = 'file:./backups';
/** Throws `usage`. */
async function planFor(options, { ask, progress }) {
    /** An empty answer means the default. */
    const answer = async (question, standard, parse) => {
        for (let attempt = 1;; attempt++) {
            const text = (await ask?.(`${question}${standard === '' ? '' : ` [${standard}]`}: `)) ?? '';
            try {
                return parse(text.trim() === '' ? standard : text);
            }
            catch (error) {
                if (ask === undefined || attempt === ATTEMPTS || !(0,errors/* hasCode */.up)(error, 'usage'))
                    throw error;
                progress({ type: 'notice', message: `${error.message} ${error.hint ?? ''}` });
            }
        }
    };
    const words = (question, given) => given.length > 0 || ask === undefined ? given : answer(question, '', text => text.split(/\s+/).filter(Boolean));
    const components = options.components.length > 0
        ? parseComponents(options.components)
        : await answer('What to back up: database, files, config or all', impliedBy(options).join(' '), text => parseComponents([text]));
    const has = (component) => components.includes(component);
    const files = has('files') ? await words('Folders or globs of the files, with blanks between', options.files) : [];
    const configFiles = has('config')
        ? await words('Files or globs of the configuration, with blanks between', options.configFiles)
        : [];
    const storeGiven = options.store !== STANDARD_STORE;
    const store = storeGiven
        ? parseStore(options.store)
        : await answer('Where to: artifact: or s3://BUCKET/PREFIX', ARTIFACTS, parseStore);
    const time = options.time
        ? parseTime(options.time)
        : await answer('When, in UTC', clock(DEFAULT_PLAN.time), parseTime);
    return checkPlan({
        components,
        time,
        store,
        s3Endpoint: options.s3Endpoint,
        s3Region: options.s3Region,
        s3PathStyle: options.s3PathStyle,
        allowPublicArtifacts: options.allowPublicArtifacts,
        files,
        exclude: has('files') ? options.exclude : [],
        configFiles,
        configEnv: has('config') ? options.configEnv : [],
        retentionDays: options.retentionDays,
    });
}
/** Who says what the files are wants them backed up. */
function impliedBy({ files, configFiles, configEnv }) {
    return [
        'database',
        ...(files.length > 0 ? ['files'] : []),
        ...(configFiles.length + configEnv.length > 0 ? ['config'] : []),
    ];
}
function clock({ hour, minute }) {
    return [hour, minute].map(part => String(part).padStart(2, '0')).join(':');
}

;// CONCATENATED MODULE: ./build/init/recovery-sheet.js


const EVERY = {
    database: 'every day',
    files: 'every Sunday',
    config: 'on the first of every month',
};
/** Markdown; holds no secret. Ends in a line break. */
function recoverySheet(plan, { repository = 'OWNER/REPO', keyId }) {
    const store = plan.store === ARTIFACTS ? `artifact:${repository}` : plan.store;
    const crons = cronsOf(plan.time);
    const rows = plan.components.map(component => `| ${component} | ${whatIs(component, plan)} | ${EVERY[component]} (\`${crons[component]}\`, UTC) |`);
    const first = plan.components[0] ?? 'database';
    return `# Recovery sheet of ${repository}

Print this, and keep it with the key, apart from the repository and its backups. Without the key nobody can read them.

| what | of what | when |
|---|---|---|
${rows.join('\n')}

* Backups: \`${store}\`, kept for ${plan.retentionDays} days. The day begins at ${clock(plan.time)} UTC.
* Key: the repository secret \`COMEBACK_KEY\`, and wherever you keep the file \`.backup_key\`.${keyId === undefined
        ? ''
        : ` Its id is \`${keyId}\`;\n  \`comeback key show-id\` names the id of a key, \`comeback list\` the one that each backup needs.`}

## From GitHub

Actions > Comeback restore > Run workflow. Leave "dry run" on at first: it shows what would happen.

## With Comeback, on any machine with Node

\`\`\`sh
${environmentOf(plan)}comeback list --store ${store}
${plan.components.map(component => restoreCommand(component, store)).join('\n')}
\`\`\`

Instead of \`latest\` write a day (\`2026-11-23\`), a time or the id of a backup.

## Without Comeback

\`openssl\`, \`gunzip\` and \`${first === 'database' ? 'psql' : 'tar'}\` are enough for a backup whose \`manifest.json\` says \`"stock": true\`; the others need the files of
older ones, and \`comeback export\`. Fetch everything of one backup, here of the id \`20261123T020000Z-7f3a91\`:

\`\`\`sh
${fetchCommand(first, plan, repository)}
\`\`\`

Then, in that folder, in the order of the names:

\`\`\`sh
for f in [0-9]*.gz.enc; do
  openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -md sha256 -pass file:.backup_key -in "$f" | gunzip
done | ${first === 'database' ? 'psql -v ON_ERROR_STOP=1 "$DATABASE_URL"' : 'tar x'}
\`\`\`

\`manifest.json\` holds the exact command for its backup. openssl alone does not notice whether something was altered.
`;
}
function whatIs(component, { files, configFiles, configEnv }) {
    switch (component) {
        case 'database':
            return 'the secret `DATABASE_URL`';
        case 'files':
            return files.map(code).join(', ');
        case 'config':
            return [...configFiles.map(code), ...configEnv.map(name => `${code(name)} of \`CONFIG_ENV\``)].join(', ');
    }
}
function code(text) {
    return `\`${text.replaceAll('|', '\\|')}\``;
}
function environmentOf(plan) {
    const options = [
        ...(plan.s3Endpoint === undefined ? [] : [`export COMEBACK_S3_ENDPOINT=${plan.s3Endpoint}`]),
        ...(plan.s3Region === undefined ? [] : [`export COMEBACK_S3_REGION=${plan.s3Region}`]),
        ...(plan.s3PathStyle ? ['export COMEBACK_S3_PATH_STYLE=true'] : []),
    ];
    const access = plan.store === ARTIFACTS
        ? 'export GITHUB_TOKEN=…                # one that may read Actions of the repository'
        : 'export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…';
    return ['# the file .backup_key lies here, or COMEBACK_KEY is set', access, ...options]
        .map(line => `${line}\n`)
        .join('');
}
function restoreCommand(component, store) {
    const target = component === 'database' ? '--target-url postgresql://…/new_database' : `--into ./restored-${component}`;
    return `comeback restore ${component} latest --store ${store} ${target}`;
}
function fetchCommand(component, { store, s3Endpoint }, repository) {
    if (store !== ARTIFACTS) {
        const endpoint = s3Endpoint === undefined ? '' : ` --endpoint-url ${s3Endpoint}`;
        return `aws s3 cp --recursive${endpoint} ${store.replace(/\/$/, '')}/${component}/20261123T020000Z-7f3a91 .`;
    }
    // An artifact is named comeback~COMPONENT~ID~FILE~RUN-ATTEMPT.bin, and is that file, not a zip of it.
    return `gh api --paginate 'repos/${repository}/actions/artifacts?per_page=100' \\
  --jq '.artifacts[] | select(.expired | not) | [.id, .name] | @tsv' | grep '~20261123T020000Z-7f3a91~' |
while read -r artifact name; do
  gh api "repos/${repository}/actions/artifacts/$artifact/zip" > "$(echo "$name" | cut -d '~' -f 4)"
done`;
}

// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
;// CONCATENATED MODULE: ./build/init/repository-files.js
/** The files of a repository that init touches. Everything is looked at before the first one is written. */



const IGNORED = ['.backup_key', 'backups/', 'logs/', 'config-review/', '.comeback-*/'];
const REMOTE = /^\s*url\s*=\s*\S*github\.com[:/]([\w.-]+\/[\w.-]+?)(?:\.git)?\s*$/m;
/** `already-exists`, with the names of all of them, if files have another text and may not be replaced. */
async function planFiles(root, files, overwrite) {
    const planned = await Promise.all(files.map(async (file) => ({ ...file, change: await changeOf(root, file) })));
    const inTheWay = planned.filter(({ change }) => change === 'replaced').map(({ path }) => path);
    if (overwrite || inTheWay.length === 0)
        return planned;
    throw new errors/* ComebackError */.U$('already-exists', `init would write something else than there is in: ${inTheWay.join(', ')}.`, {
        hint: 'Move what is there away, or let it be replaced with --overwrite.',
    });
}
async function changeOf(root, { path, text }) {
    const present = await readText((0,external_node_path_.resolve)(root, path));
    if (present === undefined)
        return 'written';
    return present === text ? 'unchanged' : 'replaced';
}
/** All of the file or nothing of it. */
async function writePlanned(root, { path, text, change }) {
    if (change === 'unchanged')
        return;
    const target = (0,external_node_path_.resolve)(root, path);
    const draft = `${target}.comeback-new`;
    try {
        await (0,promises_.mkdir)((0,external_node_path_.dirname)(target), { recursive: true });
        await (0,promises_.writeFile)(draft, text);
        await (0,promises_.rename)(draft, target);
    }
    catch (cause) {
        await (0,promises_.rm)(draft, { force: true });
        throw new errors/* ComebackError */.U$('permission', `${path} could not be written.`, {
            hint: 'Check the owner and mode of its folder.',
            cause,
        });
    }
}
/** What .gitignore lacks so that neither the key nor a backup is ever committed; undefined outside of a Git repository. */
async function planGitignore(root, keyFile) {
    if (!(await exists((0,external_node_path_.join)(root, '.git'))))
        return undefined;
    const present = (await readText((0,external_node_path_.join)(root, '.gitignore'))) ?? '';
    const lines = new Set(present.split('\n').map(bare));
    const wanted = [...IGNORED, ...(IGNORED.some(line => bare(line) === bare(keyFile)) ? [] : [keyFile])];
    const added = wanted.filter(line => !lines.has(bare(line)));
    const gap = present === '' || present.endsWith('\n') ? '' : '\n';
    return {
        path: '.gitignore',
        text: `${present}${gap}${added.map(line => `${line}\n`).join('')}`,
        change: added.length === 0 ? 'unchanged' : present === '' ? 'written' : 'replaced',
        added,
    };
}
/** `owner/name` of the repository on GitHub that the folder is a clone of, if its configuration says so. */
async function repositoryOf(root) {
    // In a worktree `.git` is a file; then it is not known.
    const configuration = await readText((0,external_node_path_.join)(root, '.git', 'config')).catch(() => undefined);
    return REMOTE.exec(configuration ?? '')?.[1];
}
/** `/logs/`, `logs/` and `logs` ignore the same folder. */
function bare(line) {
    return line
        .trim()
        .replace(/^\.?\//, '')
        .replace(/\/$/, '');
}
async function exists(path) {
    return (0,promises_.stat)(path).then(() => true, () => false);
}
async function readText(file) {
    try {
        return await (0,promises_.readFile)(file, 'utf8');
    }
    catch (cause) {
        if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
            return undefined;
        throw new errors/* ComebackError */.U$('permission', `${file} could not be read.`, { hint: 'Check its owner and mode.', cause });
    }
}

;// CONCATENATED MODULE: ./build/init/workflow-files.js

/** Of the workflows and the Action; it moves with compatible releases. */
const workflow_files_VERSION = 'v0';
const CALLED = 'comeback-backup/comeback/.github/workflows';
const FOLDER = '.github/workflows';
const workflow_files_EVERY = { database: 'daily', files: 'weekly', config: 'monthly' };
const workflow_files_HEADER = '# Written by `comeback init`. When and what stands here; how, in the workflow that it calls.\n';
const PERMISSIONS = '# No job has a permission that it does not name.\npermissions: {}\n';
function workflowFiles(plan) {
    return [
        { path: `${FOLDER}/comeback-backup.yml`, text: backupWorkflow(plan) },
        { path: `${FOLDER}/comeback-restore.yml`, text: restoreWorkflow(plan) },
        { path: `${FOLDER}/comeback-verify.yml`, text: verifyWorkflow(plan) },
    ];
}
/** Names of the repository secrets that the workflows read. */
function secretsOf(plan) {
    return [
        'COMEBACK_KEY',
        ...(plan.components.includes('database') ? ['DATABASE_URL'] : []),
        ...(plan.configEnv.length === 0 ? [] : ['CONFIG_ENV']),
        ...bucketSecrets(plan),
    ];
}
function backupWorkflow(plan) {
    const { components } = plan;
    const crons = cronsOf(plan.time);
    const due = components.map(component => `    - cron: '${crons[component]}' # ${component}, ${workflow_files_EVERY[component]}, UTC\n`);
    const choice = components.length === 1 ? '' : `    inputs:\n${componentInput('What to back up', choices(components))}`;
    return `${workflow_files_HEADER}name: Comeback backup

on:
  schedule:
${due.join('')}  workflow_dispatch:
${choice}
${PERMISSIONS}
jobs:
  backup:
    permissions:
      actions: write # to list artifacts, and to delete old ones
      contents: read # to check out files and configuration
    uses: ${CALLED}/backup.yml@${workflow_files_VERSION}
    with:
      component: ${componentDue(components, crons)}
${withFiles(plan)}${withStore(plan)}      retention-days: ${plan.retentionDays}
${plan.allowPublicArtifacts ? '      allow-public-artifacts: true\n' : ''}${secrets(secretsOf(plan))}`;
}
function restoreWorkflow(plan) {
    const { components } = plan;
    const database = components.includes('database');
    const folders = components.some(component => component !== 'database');
    const inputs = ['at', ...(database ? ['undo', 'target', 'mode'] : []), 'dry-run', ...(database ? ['confirm'] : [])];
    if (folders)
        inputs.push('hand-over');
    const asked = [
        ...(components.length === 1 ? [] : [componentInput('What to restore', components)]),
        ...inputs.map(name => RESTORE_INPUTS[name] ?? ''),
    ];
    const component = components.length === 1 ? (components[0] ?? '') : value('inputs.component');
    const targets = database ? ['DATABASE_URL', 'TARGET_URL'] : [];
    return `${workflow_files_HEADER}name: Comeback restore

on:
  workflow_dispatch:
    inputs:
${asked.join('')}
${PERMISSIONS}
jobs:
  restore:
    permissions:
      actions: read # to find and download artifacts
      contents: read # to compare restored configuration with what is checked out
    uses: ${CALLED}/restore.yml@${workflow_files_VERSION}
    with:
      component: ${component}
${inputs.map(name => `      ${name}: ${value(`inputs.${name}`)}\n`).join('')}${withStore(plan)}${plan.allowPublicArtifacts ? '      allow-public-artifacts: true\n' : ''}${secrets(['COMEBACK_KEY', ...targets, ...bucketSecrets(plan)])}`;
}
function verifyWorkflow(plan) {
    const database = plan.components.includes('database');
    const options = `${database ? '' : '      restore-database: false\n'}${withStore(plan)}`;
    return `${workflow_files_HEADER}name: Comeback verify

on:
  schedule:
    - cron: '${cronsOf(plan.time).verify}' # weekly, UTC
  workflow_dispatch:

${PERMISSIONS}
jobs:
  verify:
    permissions:
      actions: read # to find and download artifacts
    uses: ${CALLED}/verify.yml@${workflow_files_VERSION}
${options === '' ? '' : `    with:\n${options}`}${secrets(['COMEBACK_KEY', ...bucketSecrets(plan)])}`;
}
const RESTORE_INPUTS = {
    at: `      at:
        description: latest, a day such as 2026-11-23 (UTC), a time, or the id of a backup
        default: latest
`,
    undo: `      undo:
        description: Instead of that, what the database held before the last restore
        type: boolean
        default: false
`,
    target: `      target:
        description: The secret that names the database to restore into
        type: choice
        options: [TARGET_URL, DATABASE_URL]
`,
    mode: `      mode:
        description: 'atomic: replaces a database in one transaction. swap: fills a new one beside it and keeps the old. parallel: fills an empty one. auto: parallel into an empty one, atomic over any other'
        type: choice
        options: [auto, atomic, swap, parallel]
`,
    'dry-run': `      dry-run:
        description: Show what would be done, and do nothing
        type: boolean
        default: true
`,
    confirm: `      confirm:
        description: The name of the database that may be replaced
`,
    'hand-over': `      hand-over:
        description: Files and config, as an artifact for a day. plain can be read by everyone who can read the repository
        type: choice
        options: [nothing, encrypted, plain]
`,
};
function choices(components) {
    return components.length === 3 ? [...components, 'all'] : components;
}
function componentInput(description, options) {
    return `      component:
        description: ${description}
        type: choice
        options: [${options.join(', ')}]
`;
}
/** Chosen by hand, or by the line of the schedule that is due; the first component is the one that is left. */
function componentDue(components, crons) {
    const [first = 'database', ...others] = components;
    if (others.length === 0)
        return first;
    const due = others.map(component => `(github.event.schedule == '${crons[component]}' && '${component}')`);
    return `>-\n        \${{ inputs.component\n        || ${[...due, `'${first}'`].join('\n        || ')} }}`;
}
function withFiles({ components, files, exclude, configFiles, configEnv }) {
    return [
        ...(components.includes('files') ? [workflow_files_list('files', files), workflow_files_list('exclude', exclude)] : []),
        ...(components.includes('config') ? [workflow_files_list('config-files', configFiles), workflow_files_list('config-env', configEnv)] : []),
    ].join('');
}
function withStore({ store, s3Endpoint, s3Region, s3PathStyle }) {
    if (store === ARTIFACTS)
        return '';
    return [
        `      store: ${quoted(store)}\n`,
        ...(s3Endpoint === undefined ? [] : [`      s3-endpoint: ${quoted(s3Endpoint)}\n`]),
        ...(s3Region === undefined ? [] : [`      s3-region: ${quoted(s3Region)}\n`]),
        ...(s3PathStyle ? ['      s3-path-style: true\n'] : []),
    ].join('');
}
function bucketSecrets({ store }) {
    return store === ARTIFACTS ? [] : ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
}
function secrets(names) {
    return `    secrets:\n${names.map(name => `      ${name}: ${value(`secrets.${name}`)}\n`).join('')}`;
}
function workflow_files_list(name, values) {
    return values.length === 0 ? '' : `      ${name}: |\n${values.map(line => `        ${line}\n`).join('')}`;
}
function quoted(text) {
    return `'${text.replaceAll("'", "''")}'`;
}
function value(expression) {
    return `\${{ ${expression} }}`;
}

;// CONCATENATED MODULE: ./build/init/init.js




/** No workflow is written where any of them stands in the way: `already-exists` without `overwrite`. */
async function init(options, context, findKey) {
    const { cwd, github } = context;
    const { overwrite, keyFile } = options;
    const plan = await planFor(options, context);
    const workflows = await planFiles(cwd, workflowFiles(plan), overwrite);
    const gitignore = await planGitignore(cwd, keyFile);
    // Before there is a key that could be committed.
    if (gitignore !== undefined)
        await writePlanned(cwd, gitignore);
    const key = await findKey();
    const repository = github.repository ?? (await repositoryOf(cwd));
    const sheet = recoverySheet(plan, { repository, keyId: key?.id });
    const { recoverySheet: sheetFile } = options;
    const wanted = sheetFile === undefined ? [] : [{ path: sheetFile, text: sheet }];
    const sheets = await planFiles(cwd, wanted, overwrite);
    for (const file of [...workflows, ...sheets])
        await writePlanned(cwd, file);
    return {
        command: 'init',
        files: [...workflows, ...(gitignore === undefined ? [] : [gitignore]), ...sheets].map(({ path, change }) => ({
            path,
            change,
        })),
        ignored: gitignore?.added ?? [],
        ...(key === undefined ? {} : { key: { id: key.id, made: key.made, ...(key.inFile ? { file: keyFile } : {}) } }),
        secrets: secretsOf(plan).map(name => secretNamed(name, plan, keyFile, key)),
        sheet,
        ...(sheetFile === undefined ? {} : { sheetFile }),
    };
}
/** With the command that sets it; the value itself stands in none. */
function secretNamed(name, plan, keyFile, key) {
    const asked = `gh secret set ${name}`;
    switch (name) {
        case 'COMEBACK_KEY': {
            const command = key?.inFile === false ? `printenv COMEBACK_KEY | ${asked}` : `${asked} < ${shellWord(keyFile)}`;
            return { name, command: key === undefined ? `comeback key new && ${command}` : command, what: 'the key' };
        }
        case 'DATABASE_URL':
            return { name, command: asked, what: 'the URL of the database, directly or through a session pooler' };
        case 'CONFIG_ENV':
            return { name, command: `${asked} < .env`, what: `lines NAME=value, for ${plan.configEnv.join(', ')}` };
        default:
            return { name, command: asked, what: 'of a user who may list, read, write and delete in the bucket' };
    }
}
function shellWord(text) {
    return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
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
/** Likewise: the environment variables, which nothing else in the review folder holds. */
const ENVIRONMENT_REVIEW = '.env.review';
/** What only the system's own folders are called: an archive made from `/` by another program has them on top. */
const SYSTEM_FOLDERS = ['etc', 'usr', 'var', 'opt', 'srv', 'root', 'home'];
/** Where an archive that another program made has to put `path`, to be compared with what stands now. */
function placeOf(path) {
    const [top = ''] = path.split('/', 1);
    return `${SYSTEM_FOLDERS.includes(top) ? SYSTEM_FOLDER : ROOT_FOLDER}/${path}`;
}

;// CONCATENATED MODULE: ./build/engine/import.js
/**
 * The use case: backups that another program left behind become backups of ours, each under its own date. Nothing authenticates
 * them, so each is read twice: once to see that all of it is sound, and only then into the store.
 */






/** In a manifest, the file that the backup came from. */
const ORIGIN = 'old-file';
const ORIGIN_DIGITS = 16;
/** Throws what keeps it from reading the store. A file that can't be imported is a result, and the others go on. */
async function importBackups(request) {
    const { backups, store, signal } = request;
    const catalogs = new Map();
    const files = [];
    for (const old of backups) {
        const { component } = old.source;
        const catalog = catalogs.get(component) ?? (await readCatalog(store, component, signal));
        catalogs.set(component, catalog);
        const file = await importOne(request, old, catalog);
        files.push(file);
        request.progress({ type: 'done', component });
        // The next ones would only wait for the same store.
        if (signal.aborted || (file.status === 'failed' && /^store-|^cancelled$/.test(file.error.code)))
            break;
    }
    return { files, left: backups.length - files.length };
}
async function importOne(request, old, catalog) {
    const { source, name, time } = old;
    const { progress, signal } = request;
    const { component } = source;
    const about = { component, file: name, time: time.toISOString() };
    try {
        const present = await findImported(request, old, catalog);
        if (present !== undefined)
            return { ...about, status: 'present', id: present };
        progress({ type: 'phase', component, text: `checking ${name}` });
        await checkSource(source, signal);
        const tools = { ...request.tools, [ORIGIN]: originOf(old) };
        const outcome = await backup({ ...request, source, tools, now: () => time });
        if (outcome.status === 'failed')
            return { ...about, status: 'failed', error: outcome.error };
        const { id, bytes, problems } = outcome;
        return { ...about, status: 'imported', id, bytes, problems };
    }
    catch (reason) {
        const { code, message, hint } = (0,errors/* asComebackError */.Mx)(signal.aborted ? signal.reason : reason);
        return { ...about, status: 'failed', error: { code, message, hint } };
    }
}
/** Reads all of it, and keeps nothing. Throws what reading does. */
async function checkSource(source, signal) {
    const nowhere = {
        expect: () => undefined,
        phase: () => undefined,
        async segment(_, bytes) {
            let size = 0;
            for await (const piece of bytes) {
                signal.throwIfAborted();
                size += piece.length;
            }
            return size;
        },
    };
    await source.read(nowhere, signal);
}
/** The id of the backup that an earlier import made of it. */
async function findImported({ store, keyring, signal }, old, { entries }) {
    for (const entry of entries) {
        if (entry.kind !== 'backup' || (0,backup_id/* timeOf */.nR)(entry.id).getTime() !== old.time.getTime())
            continue;
        try {
            const manifest = await manifestOf(store, entry, signal);
            if (manifest.tools[ORIGIN] !== originOf(old))
                continue;
            await authenticate(manifest, keyring);
            return entry.id;
        }
        catch (error) {
            // Then it is imported again.
            if (!(0,errors/* hasCode */.up)(error, 'damaged', 'unsupported', 'not-found', 'wrong-key'))
                throw error;
        }
    }
    return undefined;
}
/** A digest, since manifests can be read without the key. */
function originOf({ name, size, source }) {
    const digest = (0,external_node_crypto_.createHash)('sha256').update(`${source.component}/${name}\0${size}`).digest('hex');
    return digest.slice(0, ORIGIN_DIGITS);
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
        throw unsafe(`${member_shown(path)}, an absolute path`);
    if (parts.includes('..'))
        throw unsafe(`${member_shown(path)}, a path that leads out of the target`);
    if (path.includes('\0'))
        throw unsafe(`${member_shown(path)}, a name with a zero byte`);
    // On Windows these separate folders and drives.
    if (process.platform === 'win32' && /[\\:]/.test(path))
        throw unsafe(`${member_shown(path)}, no name on this system`);
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
                throw unsafe(`${member_shown(name)}, which is no file`);
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
                    throw unsafe(`${member_shown(name)}, to be written through the link ${member_shown(folder)}`);
                if (files.has(folder))
                    throw unsafe(`${member_shown(name)}, though ${member_shown(folder)} is a file`);
                folders.add(folder);
            }
            if (entry.kind === 'hard-link' && !files.has(memberParts(entry.target).join('/'))) {
                throw unsafe(`${member_shown(name)}, a hard link to ${member_shown(entry.target)}, which is no file before it`);
            }
            if (files.has(name) || links.has(name) || (folders.has(name) && entry.kind !== 'folder')) {
                throw unsafe(`${member_shown(name)} twice`);
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
function member_shown(name) {
    return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}

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

const tar_writer_BLOCK = 512;
const ARCHIVE_END = Buffer.alloc(2 * tar_writer_BLOCK);
/** Permissions and the sticky bit. */
const KEPT_MODE = 0o1777;
const TYPES = { file: 'File', folder: 'Directory', link: 'SymbolicLink', 'hard-link': 'Link' };
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
    const block = Buffer.alloc(tar_writer_BLOCK);
    if (!header.encode(block))
        return block;
    return Buffer.concat([new index_min/* Pax */.un(data).encode(), block]);
}
/** Zeros after a content of that size. */
function tarPadding(size) {
    return (tar_writer_BLOCK - (size % tar_writer_BLOCK)) % tar_writer_BLOCK;
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
const KINDS = {
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
            const block = await bytes.take(tar_writer_BLOCK);
            const header = new index_min/* Header */.Y9(block);
            if (isZero(block))
                break;
            if (!header.cksumValid)
                throw tar_reader_damaged('a header with a wrong checksum');
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
                    const named = KINDS[header.type ?? ''] ?? 'other';
                    const kind = named === 'file' && path.endsWith('/') ? 'folder' : named;
                    // Programs disagree on whether content follows then, and so on what the next entry is.
                    if (left.bytes > 0 && kind !== 'file' && kind !== 'other')
                        throw tar_reader_damaged(`a ${kind} that has a content`);
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
        if (!isZero(await bytes.take(tar_writer_BLOCK)))
            throw tar_reader_damaged('a block of zeros in its middle');
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
                throw tar_reader_damaged('no end: it was cut short');
            this.#piece = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length);
        }
    }
}
async function extension(bytes, size) {
    if (size > EXTENDED_LIMIT)
        throw tar_reader_damaged(`an extended header of ${size} bytes`);
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
            throw tar_reader_damaged('an extended header that is no list of records');
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
    throw tar_reader_damaged('an entry of impossible size');
}
function time(value) {
    const date = new Date(Number(value) * 1000);
    if (Number.isNaN(date.getTime()))
        throw tar_reader_damaged(`an impossible time, ${value}`);
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
function tar_reader_damaged(what) {
    return new errors/* ComebackError */.U$('damaged', `The archive has ${what}.`, { hint: 'Restore another backup.' });
}
function unsupported() {
    return new errors/* ComebackError */.U$('unsupported', 'The archive has files with holes in a form of GNU tar.', {
        hint: 'Unpack it with GNU tar.',
    });
}

;// CONCATENATED MODULE: ./build/files/stored-archive.js



/** Reading throws `damaged` for what is no whole archive, `unsafe-archive` and `unsupported` as a restore would. */
function createStoredArchiveSource({ component, identity, detail, open, place }) {
    return { component, identity, read };
    async function read(out, signal) {
        out.phase('Reading the archive');
        const bytes = writtenAnew(open(signal), place);
        await out.segment({ name: component, group: '01-data', detail: { kind: 'tar' } }, bytes);
        return { detail, problems: [] };
    }
}
async function* writtenAnew(archive, place) {
    const members = checkMembers();
    for await (const entry of readTar(archive)) {
        const path = members.check(entry).join('/');
        // The folder that everything lies in: where it lies now is the restore's affair.
        if (path === '')
            continue;
        yield encodeTarHead(headOf(entry, path, place));
        yield* entry.content;
        const padding = tarPadding(entry.size);
        if (padding > 0)
            yield Buffer.alloc(padding);
    }
    yield ARCHIVE_END;
}
function headOf({ kind, mode, mtime, size, target }, path, place) {
    const head = { path: place(path), mode, mtime: mtime.getTime() };
    switch (kind) {
        case 'file':
            return { ...head, kind, size };
        case 'link':
            return { ...head, kind, target };
        case 'hard-link':
            return { ...head, kind, target: place(memberParts(target).join('/')) };
        default:
            // The checks let no device pass.
            return { ...head, kind: 'folder' };
    }
}

;// CONCATENATED MODULE: ./build/old-scheme/file-name.js
const DATE = /(?<!\d)(20\d\d)([-_.]?)(\d\d)\2(\d\d)(?:[-_.T ]*(\d\d)([-_:.h]?)(\d\d)(?:\6(\d\d))?Z?)?(?!\d)/g;
/** A name with no date in it leaves the file's own time; a name with no time of day leaves that of its day, if it is of that day. */
function oldTime(name, modified) {
    for (const match of name.matchAll(DATE)) {
        const [, year, , month, day, hour, , minute, second = '00'] = match;
        const date = `${year}-${month}-${day}`;
        const time = hour === undefined ? timeOfDay(date, modified) : `${hour}:${minute}:${second}`;
        const found = new Date(`${date}T${time}Z`);
        // The round trip refuses dates such as 31 February, which Date would move.
        if (!Number.isNaN(found.getTime()) && found.toISOString().startsWith(`${date}T${time}`))
            return { time: found, from: 'name' };
    }
    return { time: new Date(Math.floor(modified.getTime() / 1000) * 1000), from: 'modification time' };
}
function timeOfDay(date, modified) {
    const text = modified.toISOString();
    return text.startsWith(date) ? text.slice(11, 19) : '00:00:00';
}

;// CONCATENATED MODULE: ./build/old-scheme/folder.js
/** The folder that the old scripts wrote to: `database/*.sql.gz.enc`, `files/*.tar.gz.enc`, `config/*.tar.gz.enc`. */





const ENDINGS = {
    database: '.sql.gz.enc',
    files: '.tar.gz.enc',
    config: '.tar.gz.enc',
};
/** Throws `not-found` if the folder, or each of its three, is not there, `permission` if one can't be read. */
async function listOldBackups(folder, components) {
    const files = [];
    const foreign = [];
    let missing = 0;
    for (const component of format_manifest/* COMPONENTS */.$j) {
        const entries = await folder_entriesOf((0,external_node_path_.join)(folder, component));
        if (entries === undefined)
            missing++;
        if (!components.includes(component))
            continue;
        for (const entry of entries ?? []) {
            const path = (0,external_node_path_.join)(folder, component, entry.name);
            // A link is another name for a file that is listed anyway.
            if (!entry.isFile() || !entry.name.endsWith(ENDINGS[component])) {
                foreign.push(`${component}/${entry.name}`);
                continue;
            }
            const { size, mtime } = await (0,promises_.stat)(path);
            files.push({ component, name: entry.name, path, size, ...oldTime(entry.name, mtime) });
        }
    }
    if (missing === format_manifest/* COMPONENTS */.$j.length) {
        throw new errors/* ComebackError */.U$('not-found', `${folder} holds no backups of the old scripts.`, {
            hint: `Name the folder in which ${format_manifest/* COMPONENTS */.$j.join(', ')} lie, ./tmp/backups for example.`,
        });
    }
    files.sort((a, b) => a.time.getTime() - b.time.getTime() || (a.name < b.name ? -1 : 1));
    return { files, foreign };
}
async function folder_entriesOf(folder) {
    try {
        return await (0,promises_.readdir)(folder, { withFileTypes: true });
    }
    catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
            return undefined;
        throw new errors/* ComebackError */.U$('permission', `The folder ${folder} could not be read.`, {
            hint: 'Check its owner and mode.',
            cause: error,
        });
    }
}

// EXTERNAL MODULE: external "node:util"
var external_node_util_ = __webpack_require__(7975);
;// CONCATENATED MODULE: ./build/old-scheme/key-derivation.js
/**
 * From a passphrase to the key and IV of `openssl enc -aes-256-cbc`: with `-pbkdf2`, or by `EVP_BytesToKey`, which is what openssl
 * does without it. That one's hash is SHA-256 since OpenSSL 1.1.0 and was MD5 before, and no file says which.
 */


const KEY_SIZE = 32;
const IV_SIZE = 16;
const stretch = (0,external_node_util_.promisify)(external_node_crypto_.pbkdf2);
function pbkdf2Derivation(iterations) {
    return {
        name: `-pbkdf2 -iter ${iterations}`,
        derive: async (passphrase, salt) => key_derivation_split(await stretch(passphrase, salt, iterations, KEY_SIZE + IV_SIZE, 'sha256')),
    };
}
const LEGACY_DERIVATIONS = ['sha256', 'md5'].map(hash => ({
    name: `-md ${hash}`,
    derive: async (passphrase, salt) => key_derivation_split(bytesToKey(hash, passphrase, salt)),
}));
/** Each block is the hash of the one before it, the passphrase and the salt. */
function bytesToKey(hash, passphrase, salt) {
    const blocks = [];
    for (let length = 0; length < KEY_SIZE + IV_SIZE; length += blocks.at(-1)?.length ?? 0) {
        blocks.push((0,external_node_crypto_.createHash)(hash)
            .update(blocks.at(-1) ?? '')
            .update(passphrase)
            .update(salt)
            .digest());
    }
    return Buffer.concat(blocks);
}
function key_derivation_split(bytes) {
    return { key: bytes.subarray(0, KEY_SIZE), iv: bytes.subarray(KEY_SIZE, KEY_SIZE + IV_SIZE) };
}

// EXTERNAL MODULE: external "node:stream/promises"
var external_node_stream_promises_ = __webpack_require__(6466);
;// CONCATENATED MODULE: ./build/old-scheme/find-key.js
/**
 * Which of some keys opens an old file. CBC authenticates nothing, so two places must answer: the first block, which under the right key
 * begins as gzip does (one in 16 million wrong keys would, too), and the padding at the end (one in 256).
 */



const find_key_CIPHER = 'aes-256-cbc';
const find_key_BLOCK = 16;
/** `Salted__` and the salt. */
const find_key_HEADER = 16;
const find_key_MAGIC = 'Salted__';
/** With its method, deflate, the only one there is. */
const find_key_GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
/** Throws `damaged` or `wrong-key`, and `not-found` or `permission` for the file itself. */
async function findCipherKey(search) {
    const { name, passphrases, derivations, others } = search;
    const { salt, first, last } = await readEnds(search);
    let padded = false;
    for (const passphrase of passphrases) {
        for (const derivation of derivations) {
            const key = await derivation.derive(passphrase, salt);
            if (beginsAsGzip(key, first))
                return key;
            padded ||= isPadded(key, last);
        }
    }
    for (const passphrase of passphrases) {
        for (const { derivation, options } of others) {
            if (!beginsAsGzip(await derivation.derive(passphrase, salt), first))
                continue;
            throw new errors/* ComebackError */.U$('wrong-key', `${name} was not encrypted with ${derivations[0]?.name}.`, {
                hint: `It opens with ${options}.`,
            });
        }
    }
    const how = derivations.map(each => each.name).join(' or ');
    if (padded) {
        throw new errors/* ComebackError */.U$('damaged', `${name} decrypts to its end (${how}), but does not begin as gzip does.`, {
            hint: 'Its beginning is damaged, or something else was encrypted. By a chance of 1 in 256 the key is another one.',
        });
    }
    throw new errors/* ComebackError */.U$('wrong-key', `${name} does not open with this key (${how}).`, {
        hint: 'Most likely it was made with another key, or with other options of openssl: --kdf-iterations N, or --legacy-kdf. If both are right, its beginning and its end are damaged.',
    });
}
async function readEnds({ name, path }) {
    const file = await openOld(path);
    try {
        const { size } = await file.stat();
        const head = await readAt(file, 0, find_key_HEADER + find_key_BLOCK);
        if (head.toString('latin1', 0, find_key_MAGIC.length) !== find_key_MAGIC) {
            throw new errors/* ComebackError */.U$('damaged', `${name} is not what openssl enc writes: it does not begin with "${find_key_MAGIC}".`, {
                hint: 'Use another backup.',
            });
        }
        if (size < find_key_HEADER + find_key_BLOCK || (size - find_key_HEADER) % find_key_BLOCK !== 0) {
            throw new errors/* ComebackError */.U$('damaged', `${name} was cut: its ${size} bytes are no whole number of cipher blocks.`, {
                hint: 'Use another backup.',
            });
        }
        return {
            salt: head.subarray(find_key_MAGIC.length, find_key_HEADER),
            first: head.subarray(find_key_HEADER),
            // The block before the last one is its IV; of a single block that is derived.
            last: size === find_key_HEADER + find_key_BLOCK ? undefined : await readAt(file, size - 2 * find_key_BLOCK, 2 * find_key_BLOCK),
        };
    }
    finally {
        await file.close();
    }
}
async function openOld(path) {
    try {
        return await (0,promises_.open)(path, 'r');
    }
    catch (error) {
        const gone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
        throw new errors/* ComebackError */.U$(gone ? 'not-found' : 'permission', `The file ${path} could not be opened.`, {
            hint: gone ? 'comeback list --store old:DIR shows what there is.' : 'Check its owner and mode.',
            cause: error,
        });
    }
}
async function readAt(file, position, length) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
}
function beginsAsGzip({ key, iv }, first) {
    const plain = (0,external_node_crypto_.createDecipheriv)(find_key_CIPHER, key, iv).setAutoPadding(false).update(first);
    return plain.subarray(0, find_key_GZIP.length).equals(find_key_GZIP);
}
function isPadded({ key }, last) {
    if (last === undefined)
        return false;
    const plain = (0,external_node_crypto_.createDecipheriv)(find_key_CIPHER, key, last.subarray(0, find_key_BLOCK))
        .setAutoPadding(false)
        .update(last.subarray(find_key_BLOCK));
    const count = plain.at(-1) ?? 0;
    return count >= 1 && count <= find_key_BLOCK && plain.subarray(-count).every(byte => byte === count);
}

;// CONCATENATED MODULE: ./build/old-scheme/read-old.js
/**
 * An old file's plain bytes as a stream in bounded memory. They are believed only when the stream has ended well: the padding and
 * gzip's check sums come last, and nothing else authenticates them.
 */






/** Bytes that are read, and that are handed out, at a time. */
const PIECE = 256 * sizes/* KiB */.ty;
/** Throws what `findCipherKey` does, and `damaged` at the latest at its end. */
async function* readOldFile(search, signal) {
    const key = await findCipherKey(search);
    yield* gunzip(decrypt(search, key, signal), search.name, signal);
}
async function* decrypt({ path, name }, { key, iv }, signal) {
    const decipher = (0,external_node_crypto_.createDecipheriv)(find_key_CIPHER, key, iv);
    const file = await openOld(path);
    try {
        for (let position = find_key_HEADER;;) {
            signal.throwIfAborted();
            const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE, position);
            if (bytesRead === 0)
                break;
            position += bytesRead;
            yield decipher.update(buffer.subarray(0, bytesRead));
        }
        yield lastBlock(decipher, name);
    }
    finally {
        await file.close();
    }
}
function lastBlock(decipher, name) {
    try {
        return decipher.final();
    }
    catch (cause) {
        throw new errors/* ComebackError */.U$('damaged', `${name} was cut short, or its end is damaged: its padding is wrong.`, {
            hint: 'The key is right, since the beginning opens. Use another backup.',
            cause,
        });
    }
}
/** All members, one after the other, each with its check sum. */
async function* gunzip(compressed, name, signal) {
    const engine = (0,external_node_zlib_.createGunzip)({ chunkSize: PIECE });
    let given = 0;
    async function* counted() {
        for await (const piece of compressed) {
            given += piece.length;
            yield piece;
        }
    }
    // What it throws comes out of the engine, too.
    const feeding = (0,external_node_stream_promises_.pipeline)(counted, engine, { signal }).catch(() => undefined);
    try {
        for await (const piece of engine)
            yield piece;
        // zlib takes what does not begin as a member for the end, and forgets it.
        if (engine.bytesWritten !== given)
            throw garbage(name);
        await feeding;
    }
    catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('Z_'))
            throw error;
        throw new errors/* ComebackError */.U$('damaged', `${name} decrypts, but its gzip stream is damaged: ${error.message}.`, {
            hint: 'It was altered or cut short. Use another backup.',
            cause: error,
        });
    }
    finally {
        engine.destroy();
        await compressed.return(undefined);
    }
}
function garbage(name) {
    return new errors/* ComebackError */.U$('damaged', `${name} goes on behind the end of its gzip stream.`, {
        hint: 'It was altered after it was made. Use another backup.',
    });
}

// EXTERNAL MODULE: ./build/store/object-name.js
var object_name = __webpack_require__(8755);
;// CONCATENATED MODULE: ./build/store/folder-memory.js
/**
 * A memory in a folder, a file for each object, that keeps itself small: it forgets what the store no longer holds, and of each
 * component all indexes but the newest, which is the one that the next backup builds on.
 */




/** Bytes. Larger than any object that is remembered. */
const FILE_LIMIT = 64 * sizes/* MiB */.lv;
/** Takes the place of the slash; no object's name has it. */
const SLASH = '~';
const INDEX = /^([^/]+)\/[^/]+\/index\./;
/** The folder is made when it is needed. A failure rejects; the caller takes it for forgetfulness. */
function folderMemory(folder) {
    return {
        async read(name) {
            const file = pathOf(folder, name);
            // The folder comes from elsewhere: a pipe in it would be waited for without end, a huge file would fill the memory.
            const stats = await missing((0,promises_.lstat)(file));
            return stats?.isFile() && stats.size <= FILE_LIMIT ? await (0,promises_.readFile)(file) : undefined;
        },
        async write(name, bytes) {
            const file = pathOf(folder, name);
            await (0,promises_.mkdir)(folder, { recursive: true, mode: 0o700 });
            // Never through a link that lies there. A file that is cut short is found out by its seal.
            await (0,promises_.rm)(file, { recursive: true, force: true });
            await (0,promises_.writeFile)(file, bytes, { mode: 0o600, flag: 'wx' });
            if (INDEX.test(name))
                await forget(folder, olderIndexes(await namesIn(folder)));
        },
        async listed(prefix, names) {
            const known = await namesIn(folder);
            const gone = known.filter(name => name.startsWith(prefix) && !names.has(name));
            await forget(folder, [...gone, ...olderIndexes(known.filter(name => !gone.includes(name)))]);
        },
    };
}
async function namesIn(folder) {
    const files = await missing((0,promises_.readdir)(folder));
    return files?.map(file => file.replaceAll(SLASH, '/')) ?? [];
}
async function missing(answer) {
    return answer.catch((error) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
            return undefined;
        throw error;
    });
}
/** Ids begin with their time, so that names of one component are in the order of time. */
function olderIndexes(names) {
    const byComponent = Map.groupBy(names.filter(name => INDEX.test(name)), name => INDEX.exec(name)?.[1]);
    return [...byComponent.values()].flatMap(indexes => indexes.toSorted().slice(0, -1));
}
async function forget(folder, names) {
    for (const name of names)
        await (0,promises_.rm)((0,external_node_path_.join)(folder, name.replaceAll('/', SLASH)), { recursive: true, force: true });
}
function pathOf(folder, name) {
    (0,object_name/* checkObjectName */.R)(name);
    return (0,external_node_path_.join)(folder, name.replaceAll('/', SLASH));
}

// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
// EXTERNAL MODULE: ./build/store/local-error.js
var local_error = __webpack_require__(6810);
;// CONCATENATED MODULE: ./build/store/local-folders.js
/** Folders of a local store: made durably, read without following links, swept of what killed processes left. */






/** Begins the names of unfinished files; no object's name begins with a dot. */
const UNFINISHED = '.comeback-';
const FOLDER_MODE = 0o700;
/** The parts' folders below the root, and the root itself. Each is durable before anything is put into it. */
async function makeFolders(root, parts) {
    let first;
    const made = await (0,local_error/* tolerating */.uL)(['EEXIST'], async () => {
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
        if (await (0,local_error/* tolerating */.uL)(['EEXIST'], () => (0,promises_.mkdir)(folder, FOLDER_MODE)))
            await flushFolder((0,external_node_path_.dirname)(folder));
        else if (!(await (0,promises_.lstat)(folder)).isDirectory())
            throw inTheWay(folder);
    }
}
/** A new name in a folder survives a crash only once the folder is flushed; some file systems can't and needn't. */
async function flushFolder(folder) {
    const handle = await (0,promises_.open)(folder, external_node_fs_.constants.O_RDONLY);
    try {
        await (0,local_error/* tolerating */.uL)(['EINVAL', 'ENOTSUP'], () => handle.sync());
    }
    finally {
        await handle.close();
    }
}
/** Whether the parts are folders below the root, none of them a link. */
async function areFolders(root, parts) {
    for (let depth = 1; depth <= parts.length; depth++) {
        const stats = await presence((0,external_node_path_.join)(root, ...parts.slice(0, depth)));
        if (stats === undefined || !stats.isDirectory())
            return false;
    }
    return true;
}
/** Undefined if nothing is there. Links are not followed. */
async function presence(path) {
    let stats;
    await (0,local_error/* tolerating */.uL)(['ENOENT', 'ENOTDIR'], async () => {
        stats = await (0,promises_.lstat)(path);
    });
    return stats;
}
/** Folders and plain files, sorted; none if the folder is not there. */
async function folderEntries(folder) {
    const found = [];
    await (0,local_error/* tolerating */.uL)(['ENOENT'], async () => {
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
    await (0,local_error/* tolerating */.uL)(['EACCES', 'EPERM', 'ENOTDIR'], async () => {
        entries = await folderEntries(folder);
    });
    for (const { name, isFolder } of entries) {
        const path = (0,external_node_path_.join)(folder, name);
        if (isFolder && (0,object_name/* isObjectName */.V)(name))
            await sweep(path, before);
        else if (!isFolder && name.startsWith(UNFINISHED)) {
            await (0,local_error/* attempting */.SV)(`remove the unfinished ${path}`, async () => {
                const stats = await presence(path);
                if (stats !== undefined && stats.mtimeMs < before)
                    await (0,local_error/* tolerating */.uL)(['ENOENT'], () => (0,promises_.unlink)(path));
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
const WRITE_SIZE = 4 * sizes/* MiB */.lv;
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
        (0,local_error/* checkCancelled */.S5)(signal);
        await publish(unfinished, target, hardLink);
    }
    finally {
        await (0,local_error/* tolerating */.uL)(['ENOENT'], () => (0,promises_.unlink)(unfinished));
    }
    await flushFolder((0,external_node_path_.dirname)(target));
}
async function writePart(handle, part, signal) {
    for (let written = 0; written < part.length;) {
        (0,local_error/* checkCancelled */.S5)(signal);
        const { bytesWritten } = await handle.write(part, written, Math.min(part.length - written, WRITE_SIZE));
        written += bytesWritten;
    }
}
async function publish(unfinished, target, hardLink) {
    try {
        await hardLink(unfinished, target);
    }
    catch (error) {
        const code = (0,local_error/* systemCode */.xU)(error) ?? '';
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
    const mine = await (0,local_error/* tolerating */.uL)(['EEXIST'], async () => (await (0,promises_.open)(guard, 'wx', FILE_MODE)).close());
    if (!mine) {
        throw new errors/* ComebackError */.U$('store-unavailable', `${target} is being written by another process.`, {
            hint: `If none is running, delete ${guard}.`,
        });
    }
    try {
        if ((await presence(target)) !== undefined)
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
const READ_SIZE = 4 * sizes/* MiB */.lv;
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
            if (parts.length > 0 && !(0,object_name/* isObjectName */.V)(parts.join('/')))
                return;
            const exists = await (0,local_error/* attempting */.SV)(`list ${root}`, () => areFolders(root, parts));
            if (exists)
                yield* walk(root, parts, prefix, signal);
        },
        async put(name, body, signal) {
            (0,object_name/* checkObjectName */.R)(name);
            (0,local_error/* checkCancelled */.S5)(signal);
            await (0,local_error/* attempting */.SV)(`write ${(0,external_node_path_.join)(root, name)}`, async () => {
                if (!swept)
                    await sweep(root, now() - STALE);
                swept = true;
                for (let attempt = 1;; attempt++) {
                    await makeFolders(root, name.split('/').slice(0, -1));
                    const codes = attempt < FOLDER_ATTEMPTS ? ['ENOENT'] : [];
                    if (await (0,local_error/* tolerating */.uL)(codes, () => createFile((0,external_node_path_.join)(root, name), body, hardLink, signal)))
                        return;
                }
            });
        },
        async get(name, { range, limit, signal } = {}) {
            (0,object_name/* checkObjectName */.R)(name);
            (0,local_error/* checkCancelled */.S5)(signal);
            return await (0,local_error/* attempting */.SV)(`read ${(0,external_node_path_.join)(root, name)}`, async () => {
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
            (0,object_name/* checkObjectName */.R)(name);
            (0,local_error/* checkCancelled */.S5)(signal);
            return await (0,local_error/* attempting */.SV)(`look at ${(0,external_node_path_.join)(root, name)}`, async () => {
                const inFolders = await areFolders(root, name.split('/').slice(0, -1));
                const stats = inFolders ? await presence((0,external_node_path_.join)(root, name)) : undefined;
                if (stats === undefined || !stats.isFile())
                    throw notFound(root, name);
                return { name, size: stats.size };
            });
        },
        async delete(name, signal) {
            (0,object_name/* checkObjectName */.R)(name);
            (0,local_error/* checkCancelled */.S5)(signal);
            await (0,local_error/* attempting */.SV)(`delete ${(0,external_node_path_.join)(root, name)}`, async () => {
                const parts = name.split('/').slice(0, -1);
                if (!(await areFolders(root, parts)))
                    return;
                await (0,local_error/* tolerating */.uL)(['ENOENT'], () => (0,promises_.unlink)((0,external_node_path_.join)(root, name)));
                for (let depth = parts.length; depth > 0; depth--) {
                    const folder = (0,external_node_path_.join)(root, ...parts.slice(0, depth));
                    if (!(await (0,local_error/* tolerating */.uL)(['ENOTEMPTY', 'EEXIST', 'ENOENT'], () => (0,promises_.rmdir)(folder))))
                        return;
                }
            });
        },
    };
}
async function* walk(root, parts, prefix, signal) {
    const folder = (0,external_node_path_.join)(root, ...parts);
    (0,local_error/* checkCancelled */.S5)(signal);
    for (const entry of await (0,local_error/* attempting */.SV)(`list ${folder}`, () => folderEntries(folder))) {
        (0,local_error/* checkCancelled */.S5)(signal);
        const name = [...parts, entry.name].join('/');
        if (!(0,object_name/* isObjectName */.V)(name))
            continue;
        if (entry.isFolder) {
            if (`${name}/`.startsWith(prefix))
                yield* walk(root, [...parts, entry.name], prefix, signal);
        }
        else if (name.startsWith(prefix)) {
            const stats = await (0,local_error/* attempting */.SV)(`look at ${(0,external_node_path_.join)(root, name)}`, () => presence((0,external_node_path_.join)(root, name)));
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
        if (!['ENOENT', 'ELOOP', 'ENXIO'].includes((0,local_error/* systemCode */.xU)(error) ?? ''))
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
        (0,local_error/* checkCancelled */.S5)(signal);
        const { bytesRead } = await handle.read(bytes, filled, Math.min(length - filled, READ_SIZE), offset + filled);
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

;// CONCATENATED MODULE: ./build/store/remembering.js
/**
 * Small objects that never change (manifests, indexes) are remembered from one run to the next, so that a run needn't ask for
 * hundreds of them again. The memory may be lost, damaged or out of date at any time; why it never shows:
 *
 * - A name is answered from memory only if this run's last listing shows it, with the size that is remembered. Existence,
 *   sizes and expiry always come from the store itself: `list` and `stat` are never answered from memory, and neither is a
 *   range. The engine reads what it has just listed, so what is gone is asked for, and found to be gone.
 * - Objects are created once and never changed, and their names hold a time and random digits. So bytes that were once read
 *   under a name in this store are its bytes. An entry is sealed with a SHA-256 over location, name and bytes: one that is
 *   cut short, damaged, renamed or from another store counts for nothing.
 * - That hash needs no key, so whoever can write the memory can forge an entry. The caller checks the manifest's MAC and the
 *   index's SHA-256 anyway, as of all that a store says. After an answer from memory, the next `get` of the name goes to the
 *   store and puts the memory right: a caller that finds an answer wrong need only ask again.
 * - A memory that fails is as if it weren't there.
 */



/** Bytes of an object beyond which it is not remembered: then asking the store again costs little in comparison. */
const ENTRY_LIMIT = 32 * sizes/* MiB */.lv;
const HASH_BYTES = 32;
/** The same store; of the objects that `isImmutable` names, those that the memory knows are not fetched again. */
function withMemory(store, memory, isImmutable) {
    const { location } = store;
    /** Sizes by the last listing. */
    const sizes = new Map();
    /** Answered from memory, and not read from the store since. */
    const unproven = new Set();
    async function recall(name, size) {
        const entry = await memory.read(name).catch(asNothing);
        if (entry?.length !== HASH_BYTES + size)
            return undefined;
        const bytes = entry.subarray(HASH_BYTES);
        return seal(location, name, [bytes]).equals(entry.subarray(0, HASH_BYTES)) ? bytes : undefined;
    }
    async function remember(name, body) {
        if (body.reduce((sum, part) => sum + part.length, 0) > ENTRY_LIMIT)
            return;
        await memory.write(name, Buffer.concat([seal(location, name, body), ...body])).catch(asNothing);
    }
    return {
        location,
        packSize: store.packSize,
        async *list(prefix, signal) {
            const found = new Map();
            for await (const object of store.list(prefix, signal)) {
                if (isImmutable(object.name))
                    found.set(object.name, object.size);
                yield object;
            }
            // Only here, after the last one, does it say anything about what is not there.
            for (const name of sizes.keys())
                if (name.startsWith(prefix))
                    sizes.delete(name);
            for (const [name, size] of found)
                sizes.set(name, size);
            await memory.listed(prefix, new Set(found.keys())).catch(asNothing);
        },
        async put(name, body, signal) {
            await store.put(name, body, signal);
            if (isImmutable(name))
                await remember(name, body);
        },
        async get(name, options = {}) {
            const { range, limit = Number.POSITIVE_INFINITY, signal } = options;
            if (range !== undefined || !isImmutable(name))
                return store.get(name, options);
            const size = sizes.get(name);
            if (size !== undefined && size <= limit && !unproven.has(name)) {
                if (signal?.aborted)
                    throw (0,errors/* asComebackError */.Mx)(signal.reason);
                const bytes = await recall(name, size);
                if (bytes !== undefined) {
                    unproven.add(name);
                    return bytes;
                }
            }
            const bytes = await store.get(name, options);
            unproven.delete(name);
            await remember(name, [bytes]);
            return bytes;
        },
        stat: (name, signal) => store.stat(name, signal),
        async delete(name, signal) {
            await store.delete(name, signal);
            sizes.delete(name);
        },
    };
}
function seal(location, name, body) {
    // Neither text can hold a NUL.
    const hash = (0,external_node_crypto_.createHash)('sha256').update(`${location}\0${name}\0`);
    for (const part of body)
        hash.update(part);
    return hash.digest();
}
/** Of a memory that fails: nothing is lost but time. */
function asNothing() {
    return undefined;
}

// EXTERNAL MODULE: external "node:timers/promises"
var external_node_timers_promises_ = __webpack_require__(8500);
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

;// CONCATENATED MODULE: ./build/open-store.js
/** The location of a store becomes a Store. What only some stores need is loaded when one of them is opened. */







const FILE = 'file:';
const S3 = 's3://';
const ARTIFACT = 'artifact:';
/** No store: a folder of the old scripts, which `restore` and `list` read. */
const OLD = 'old:';
const open_store_DAY = 24 * 60 * 60 * 1000;
/** Throws `usage`. */
async function openStore(options, context) {
    const folder = open_store_folderOf(options.store);
    if (folder !== undefined)
        return withRetry(openLocalStore((0,external_node_path_.resolve)(context.cwd, folder)));
    if (options.store.startsWith(S3))
        return await openBucket(options, context);
    if (options.store.startsWith(ARTIFACT))
        return openArtifacts(options, context);
    if (options.store.startsWith(OLD)) {
        throw new errors/* ComebackError */.U$('usage', `--store ${options.store} can only be listed and restored from.`, {
            hint: `Import what is there into a store first: comeback import --from ${options.store.slice(OLD.length)} --store file:DIR`,
        });
    }
    throw new errors/* ComebackError */.U$('usage', `--store ${options.store} is not a store that this version knows.`, {
        hint: `Write ${FILE}DIR, ${S3}BUCKET/PREFIX or ${ARTIFACT}OWNER/REPO, for example file:./backups.`,
    });
}
/** `./backups` of `file:./backups`. */
function open_store_folderOf(location) {
    return location.startsWith(FILE) && location.length > FILE.length ? location.slice(FILE.length) : undefined;
}
/** Credentials are found by the SDK itself: it knows more places than an option could name. */
async function openBucket(options, { progress, memory }) {
    const { parseS3Location } = await __webpack_require__.e(/* import() */ 232).then(__webpack_require__.bind(__webpack_require__, 8232));
    const location = parseS3Location(options.store);
    const { openS3Store } = await Promise.all(/* import() */[__webpack_require__.e(358), __webpack_require__.e(49)]).then(__webpack_require__.bind(__webpack_require__, 4049));
    const store = openS3Store({
        ...location,
        endpoint: options.s3Endpoint,
        region: options.s3Region,
        pathStyle: options.s3PathStyle,
        warn: (message, hint) => progress({ type: 'warning', component: undefined, message, ...(hint === undefined ? {} : { hint }) }),
    });
    return withRetry(remembering(store, memory));
}
/** `artifact:` is the repository that runs this. */
async function openArtifacts(options, { github, temporary, memory, progress }) {
    const repository = options.store.slice(ARTIFACT.length) || github.repository;
    if (repository === undefined || !/^[\w-]+\/(?!\.\.?$)[\w.-]+$/.test(repository)) {
        const problem = repository === undefined ? 'names no repository' : 'is not the name of a repository';
        throw new errors/* ComebackError */.U$('usage', `--store ${options.store} ${problem}.`, { hint: `Write ${ARTIFACT}OWNER/REPO.` });
    }
    const { openArtifactStore } = await __webpack_require__.e(/* import() */ 580).then(__webpack_require__.bind(__webpack_require__, 580));
    const { retentionDays, fullEvery } = options;
    const store = openArtifactStore({
        repository,
        token: options.githubToken,
        github,
        temporary,
        // Packs live as much longer as the last backup that may lean on them is younger.
        retention: { days: retentionDays + Math.ceil(fullEvery / open_store_DAY), backupDays: retentionDays },
        allowPublic: options.allowPublicArtifacts,
        warn: (message, hint) => progress({ type: 'warning', component: undefined, message, hint }),
    });
    return withRetry(remembering(store, memory));
}
/** Inside of the retries: an answer from memory needs none, and what is repeated need not be remembered twice. */
function remembering(store, memory) {
    return memory === undefined ? store : withMemory(store, folderMemory(memory), isSmallAndImmutable);
}
function isSmallAndImmutable(name) {
    const file = parseObjectName(name)?.file;
    return file === MANIFEST || file === PLACEHOLDER || isIndexFile(file);
}

// EXTERNAL MODULE: external "node:buffer"
var external_node_buffer_ = __webpack_require__(4573);
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
const sql_lexer_SLASH = 0x2f;
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
            yield { type: 'statement', start, end, next: position };
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
    if (byte === sql_lexer_SLASH && next === STAR)
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
        if (sql[position] === sql_lexer_SLASH && sql[position + 1] === STAR) {
            depth++;
            position++;
        }
        else if (sql[position] === STAR && sql[position + 1] === sql_lexer_SLASH) {
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
/** What such a comment says; undefined if it is another one. Line breaks in names have become spaces. */
function headerOf(comment) {
    const header = entries_HEADER.exec(comment);
    return header === null ? undefined : identify(header);
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

;// CONCATENATED MODULE: ./build/postgres/schema/script-for.js
/**
 * pg_dump's text as a script that psql can run on a server of the source's own version, and that leaves there what the source
 * has. pg_dump itself writes for servers as new as it is: to older ones it says too much in one place, too little in another.
 */

const TRANSACTION_TIMEOUT = { since: 170_000, statement: Buffer.from('\nSET transaction_timeout = 0;') };
/**
 * Since 15 nobody but its owner may create in schema `public`, and a pg_dump that new mentions only what differs from that. On an
 * older server the script must take the privilege away itself; where the source grants it, pg_dump says so further down.
 */
const CLOSED_PUBLIC = {
    since: 150_000,
    major: 15,
    statement: Buffer.from('\nREVOKE CREATE ON SCHEMA public FROM PUBLIC;'),
};
/** Before 16 subscriptions always did so, and could not be told to; pg_dump tells them all the same. */
const RUN_AS_OWNER = {
    since: 160_000,
    statement: Buffer.from('CREATE SUBSCRIPTION '),
    option: Buffer.from(', run_as_owner = true'),
};
/** The last of the settings, with which every dump begins, and how far into the text it may lie. */
const LAST_SETTING = Buffer.from('\nSET row_security = off;');
const SETTINGS_LIMIT = 2_000;
const script_for_VERSION = /^-- Dumped by pg_dump version (\d+)/m;
function scriptFor(text, section, serverVersion) {
    let script = text;
    if (serverVersion < TRANSACTION_TIMEOUT.since)
        script = replaceSetting(script, TRANSACTION_TIMEOUT.statement, Buffer.alloc(0));
    const major = Number(script_for_VERSION.exec(text.toString('latin1', 0, SETTINGS_LIMIT))?.[1] ?? 0);
    // Once: in the second script it would undo what pg_dump granted in the first.
    if (section === 'pre-data' && serverVersion < CLOSED_PUBLIC.since && major >= CLOSED_PUBLIC.major) {
        script = replaceSetting(script, LAST_SETTING, Buffer.concat([LAST_SETTING, CLOSED_PUBLIC.statement]));
    }
    if (section === 'post-data' && serverVersion < RUN_AS_OWNER.since)
        script = withoutRunAsOwner(script);
    return script;
}
function withoutRunAsOwner(text) {
    if (!text.includes(RUN_AS_OWNER.option))
        return text;
    const kept = [];
    let from = 0;
    for (const { start, end } of splitStatements(text)) {
        const at = text.subarray(0, end).lastIndexOf(RUN_AS_OWNER.option);
        if (at < start || text.indexOf(RUN_AS_OWNER.statement, start) !== start)
            continue;
        kept.push(text.subarray(from, at));
        from = at + RUN_AS_OWNER.option.length;
    }
    return Buffer.concat([...kept, text.subarray(from)]);
}
function replaceSetting(text, setting, by) {
    const at = text.indexOf(setting);
    if (at < 0 || at > SETTINGS_LIMIT)
        return text;
    return Buffer.concat([text.subarray(0, at), by, text.subarray(at + setting.length)]);
}

// EXTERNAL MODULE: ./node_modules/pg/esm/index.mjs
var esm = __webpack_require__(3849);
;// CONCATENATED MODULE: ./build/postgres/schema/sql-name.js
/** Names inside pg_dump's statements, for patterns that recognise their shapes. */
/** The source of a pattern that captures one name, quoted or not. */
const NAME = String.raw `("(?:[^"]|"")*"|[^\s"(),;.]+)`;
/** Captures a schema, if there is one, and a name. */
const QUALIFIED_NAME = String.raw `(?:${NAME}\.)?${NAME}`;
function unquoted(name) {
    return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

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

;// CONCATENATED MODULE: ./build/postgres/script/copy-statement.js
/** `COPY schema.table (a, "B") FROM stdin`, as pg_dump writes it, and as a segment of rows begins and ends. */



const COPY = new RegExp(String.raw `^COPY ${QUALIFIED_NAME}\s+(?:\((${NAME}(?:, ${NAME})*)\) )?FROM stdin$`, 's');
const EACH_NAME = new RegExp(NAME, 'g');
/** Undefined for every other shape: from a file or a program, to anywhere, with options. */
function parseCopy(sql) {
    const [, schema, name, list = ''] = COPY.exec(sql) ?? [];
    if (schema === undefined || name === undefined)
        return undefined;
    return {
        into: { schema: unquoted(schema), name: unquoted(name) },
        columns: (list.match(EACH_NAME) ?? []).map(unquoted),
    };
}
/** The line before the rows. */
function copyLine({ into, columns }) {
    const list = columns.length === 0 ? '' : ` (${columns.map(esm/* default.escapeIdentifier */.Ay.escapeIdentifier).join(', ')})`;
    return Buffer.from(`COPY ${qualified(into)}${list} FROM stdin;\n`);
}
/** What follows them. */
const COPY_END = Buffer.from('\\.\n\n');

;// CONCATENATED MODULE: ./build/postgres/script/describe-script.js

const CREATE_SCHEMA = new RegExp(`^CREATE SCHEMA ${NAME}`);
const CREATE_EXTENSION = new RegExp(`^CREATE EXTENSION IF NOT EXISTS ${NAME} WITH SCHEMA ${NAME}$`);
const CREATE_TABLE = new RegExp(`^CREATE (?:UNLOGGED )?TABLE ${QUALIFIED_NAME} `);
/** The rows of such a table lie in its partitions. */
const PARTITIONED = /\)\nPARTITION BY [^\n]+$/;
function describeScript(all, facts) {
    const { loaded, otherData, serverVersion, encoding, pgDump, rows } = facts;
    const tables = all.flatMap(({ statements: [first = ''] }) => PARTITIONED.test(first) ? [] : (tableCreated(first) ?? []));
    const schemaOnly = tables.length > 0 && loaded.size === 0 && !otherData;
    return {
        kind: 'database',
        serverVersion,
        database: '',
        encoding,
        collate: '',
        ctype: '',
        schemaOnly,
        excludedData: schemaOnly ? [] : tables.filter(table => !loaded.has(keyOf(table))),
        extensions: all.flatMap(({ entry, statements }) => {
            const [, name, schema] = (entry.type === 'EXTENSION' && CREATE_EXTENSION.exec(statements[0] ?? '')) || [];
            return name === undefined || schema === undefined
                ? []
                : [{ name: unquoted(name), version: '', schema: unquoted(schema) }];
        }),
        schemas: schemasOf(all),
        rows,
        pgDump,
    };
}
/** The table that a statement creates, if it does that. */
function tableCreated(sql) {
    const [, schema, name] = CREATE_TABLE.exec(sql) ?? [];
    return schema === undefined || name === undefined ? undefined : { schema: unquoted(schema), name: unquoted(name) };
}
/** The same for a name and for what pg_dump's comments make of it, where line breaks are spaces. */
function keyOf({ schema, name }) {
    return JSON.stringify([schema, name]).replaceAll(/\\[nr]/g, ' ');
}
/** Those that the dump creates by their real names, and those in which it has something. */
function schemasOf(all) {
    const created = all.flatMap(({ entry, statements }) => {
        const name = entry.type === 'SCHEMA' ? CREATE_SCHEMA.exec(statements[0] ?? '')?.[1] : undefined;
        return name === undefined ? [] : [unquoted(name)];
    });
    const known = new Set(created.map(name => name.replaceAll(/[\n\r]/g, ' ')));
    const others = all.flatMap(({ entry: { schema, name } }) => 
    // A name with all that in it may have been taken apart in the wrong place.
    schema === null || known.has(schema) || name.includes('; Type: ') ? [] : [schema]);
    // What it says of the server's own schemas, privileges say, is no reason to empty them.
    return [...new Set([...created, ...others])].filter(name => !/^pg_|^information_schema$/.test(name)).sort();
}

;// CONCATENATED MODULE: ./build/postgres/script/large-objects.js
/**
 * The contents of large objects, which pg_dump writes through an open file descriptor, inside of a transaction of its own:
 *
 *     BEGIN;
 *     SELECT pg_catalog.lo_open('16401', 131072);
 *     SELECT pg_catalog.lowrite(0, '\x0123…');
 *     SELECT pg_catalog.lo_close(0);
 *     COMMIT;
 *
 * Here each part becomes a statement that needs neither: its COMMIT would end the transaction of the restore.
 */

const large_objects_OPEN = /^SELECT pg_catalog\.lo_open\('(\d+)', 131072\)$/;
const WRITE = /^SELECT pg_catalog\.lowrite\(0, '\\x((?:[0-9a-f]{2})*)'\)$/;
const large_objects_CLOSE = 'SELECT pg_catalog.lo_close(0)';
/** From behind `BEGIN` to `COMMIT`: statements, one a line. */
async function* largeObjectLines(reader) {
    let oid;
    let offset = 0;
    for (let piece = await reader.next();; piece = await reader.next()) {
        if (piece?.type === 'line-comment')
            continue;
        const sql = piece?.type === 'statement' ? piece.text : '';
        const opened = large_objects_OPEN.exec(sql)?.[1];
        const hex = WRITE.exec(sql)?.[1];
        if (opened !== undefined && oid === undefined) {
            oid = opened;
            offset = 0;
        }
        else if (hex !== undefined && oid !== undefined) {
            yield Buffer.from(`SELECT pg_catalog.lo_put(${oid}, ${offset}, '\\x${hex}');\n`);
            offset += hex.length / 2;
        }
        else if (sql === large_objects_CLOSE && oid !== undefined)
            oid = undefined;
        else if (sql === 'COMMIT' && oid === undefined)
            return;
        else
            throw strange(piece, reader);
    }
}
function strange(piece, { line }) {
    if (piece === undefined) {
        return new errors/* ComebackError */.U$('damaged', `The dump ends among its large objects, in line ${line}.`, {
            hint: 'It was cut short when it was made. Use another backup.',
        });
    }
    return new errors/* ComebackError */.U$('unsafe-archive', `Line ${piece.line} of the dump begins or ends a transaction, or is no part of a large object inside of one.`, { hint: 'pg_dump writes no such script. Find out who changed it; use another backup.' });
}

;// CONCATENATED MODULE: ./build/postgres/script/script-entries.js
/** The schema of a script, its rows taken out: what comes before the rows, what after, and the values of sequences. */



const SEQUENCE_SET = 'SEQUENCE SET';
const DATA = ['TABLE DATA', 'BLOBS', SEQUENCE_SET];
/** Where a dump without data goes on to what pg_dump calls post-data. */
const POST_DATA = [
    ...['INDEX', 'INDEX ATTACH', 'CONSTRAINT', 'CHECK CONSTRAINT', 'FK CONSTRAINT', 'STATISTICS', 'RULE', 'TRIGGER'],
    ...['POLICY', 'ROW SECURITY', 'PUBLICATION', 'PUBLICATION TABLE', 'SUBSCRIPTION', 'EVENT TRIGGER'],
    ...['MATERIALIZED VIEW DATA'],
];
const SETVAL = /^SELECT pg_catalog\.setval\('((?:[^']|'')*)', (-?\d+), (true|false)\)$/s;
/** Throws `unsupported` for data in another form. */
function sortSchema(text) {
    const all = cutEntries(text).map(entry => ({ entry, statements: statementsOf(text, entry) }));
    const firstData = all.findIndex(({ entry }) => DATA.includes(entry.type));
    const cut = firstData < 0 ? all.findIndex(({ entry }) => POST_DATA.includes(entry.type)) : firstData;
    const split = cut < 0 ? all.length : cut;
    const kept = all.filter(({ entry }) => !DATA.includes(entry.type));
    for (const { entry, statements } of all) {
        if (!DATA.includes(entry.type) || entry.type === SEQUENCE_SET || statements.length === 0)
            continue;
        throw script_entries_strange(entry, statements[0] ?? '');
    }
    return {
        preData: section(text, all.slice(0, split)),
        postData: section(text, all.slice(split)),
        sequences: all
            .filter(({ entry }) => entry.type === SEQUENCE_SET)
            .map(setval)
            .join(''),
        all: kept.filter(({ entry }) => entry.type !== PREAMBLE),
    };
}
/** The entries' own bytes, one after the other: those with data are gone. */
function section(text, planned) {
    const parts = [];
    let offset = 0;
    const entries = planned
        .filter(({ entry }) => !DATA.includes(entry.type))
        .map(({ entry }) => {
        parts.push(text.subarray(entry.offset, entry.offset + entry.length));
        const moved = { ...entry, offset };
        offset += entry.length;
        return moved;
    });
    return { text: Buffer.concat(parts), entries };
}
/** A sequence's name may hold line breaks; a script has one statement a line. */
function setval({ entry, statements }) {
    const [, name, value, called] = SETVAL.exec(statements[0] ?? '') ?? [];
    if (name === undefined || statements.length !== 1)
        throw script_entries_strange(entry, statements[0] ?? '');
    return `SELECT pg_catalog.setval(${lineLiteral(name.replaceAll("''", "'"))}, ${value}, ${called});\n`;
}
function script_entries_strange({ type, name }, statement) {
    const quote = JSON.stringify(statement.slice(0, 80));
    return new errors/* ComebackError */.U$('unsupported', `The dump's ${type} ${name} holds a statement that is not known: ${quote}.`, {
        hint: 'Decrypt it with openssl and gunzip, and restore it with psql.',
    });
}

;// CONCATENATED MODULE: ./build/postgres/script/script-reader.js
/**
 * A pg_dump script as a stream of pieces, in the order of the text. Statements are held in memory, each by itself; the rows of a
 * COPY and the parts of large objects never are.
 *
 * The lexer needs the whole of a statement. Text that ends inside one says nothing about what comes next, but everything before
 * its last complete statement is certain: a token that was cut is the last of the text, so no semicolon follows it.
 */



/** Bytes of one statement. A quote that was damaged would otherwise take in all the rest of the file. */
const STATEMENT_LIMIT = 64 * sizes/* MiB */.lv;
const script_reader_NEWLINE = 0x0a;
const ROWS_END = Buffer.from('\n\\.\n');
class ScriptReader {
    /** The line that is read now. */
    line = 1;
    #bytes;
    #pending = Buffer.alloc(0);
    #ended = false;
    constructor(bytes) {
        this.#bytes = bytes[Symbol.asyncIterator]();
    }
    /** The first characters, white space aside; fewer if there are no more. To be asked before anything else. */
    async beginning(length) {
        const begun = () => this.#pending.toString('latin1').trimStart();
        while (!this.#ended && begun().length < length)
            await this.#fill();
        return begun().slice(0, length);
    }
    /** The next piece; undefined at the end of the script. Throws `damaged` if it ends inside a statement. */
    async next() {
        for (;;) {
            const piece = this.#firstPiece();
            if (piece !== undefined)
                return piece;
            if (this.#ended) {
                if (this.#pending.toString('latin1').trim() === '')
                    return undefined;
                throw new errors/* ComebackError */.U$('damaged', `The dump ends in the middle of a statement, in line ${this.line}.`, {
                    hint: 'It was cut short when it was made. Use another backup.',
                });
            }
            if (this.#pending.length > STATEMENT_LIMIT) {
                throw new errors/* ComebackError */.U$('damaged', `Line ${this.line} of the dump begins a statement without an end.`, {
                    hint: 'It was altered or damaged. Use another backup.',
                });
            }
            // At least as much again: a long statement is looked through a few times, not once for each read.
            for (let wanted = Math.max(1, this.#pending.length); wanted > 0 && !this.#ended;)
                wanted -= await this.#fill();
        }
    }
    /**
     * To be read to its end, after the statement `COPY … FROM stdin`: the bytes of its rows. Returns their number. Throws `damaged`
     * if the script ends before `\.`.
     */
    async *rows() {
        let rows = 0;
        // From the line break that ends the statement: it may be the one before the end, too.
        while (this.#pending.length === 0 && !this.#ended)
            await this.#fill();
        if (this.#pending[0] !== script_reader_NEWLINE)
            throw this.#strange('a COPY whose rows do not begin in the next line');
        let sent = 1;
        for (;;) {
            const end = this.#pending.indexOf(ROWS_END);
            const until = end < 0 ? this.#pending.length - (ROWS_END.length - 1) : end + 1;
            if (until > sent) {
                const part = this.#pending.subarray(sent, until);
                rows += countLines(part);
                yield part;
            }
            if (end >= 0) {
                this.line += rows + 2;
                this.#pending = this.#pending.subarray(end + ROWS_END.length);
                return rows;
            }
            if (this.#ended) {
                throw new errors/* ComebackError */.U$('damaged', `The dump ends among the rows of a table, after line ${this.line + rows}.`, {
                    hint: 'It was cut short when it was made. Use another backup.',
                });
            }
            const kept = Math.max(0, until);
            this.#pending = this.#pending.subarray(kept);
            sent = Math.max(0, sent - kept);
            await this.#fill();
        }
    }
    /** Ends the stream that it reads from. */
    async close() {
        await this.#bytes.return?.();
    }
    #firstPiece() {
        const text = this.#pending;
        try {
            for (const { type, start, end, next } of pieces(text)) {
                const after = type === 'statement' ? next : end;
                // What the text ends in may go on; only a comment may also end with it.
                const isOpen = type !== 'statement' && after === text.length && (type === 'command' || !this.#ended);
                if (after === undefined || isOpen)
                    return undefined;
                const raw = text.subarray(0, after);
                const line = this.line + countLines(raw.subarray(0, start));
                this.line += countLines(raw);
                this.#pending = text.subarray(after);
                return { type, text: text.toString('utf8', start, end), raw, line };
            }
        }
        catch (error) {
            // It ends inside a quote.
            if (!(0,errors/* hasCode */.up)(error, 'damaged'))
                throw error;
        }
        return undefined;
    }
    /** Returns how many bytes came. */
    async #fill() {
        const next = await this.#bytes.next();
        if (next.done) {
            this.#ended = true;
            return 0;
        }
        const { value } = next;
        this.#pending =
            this.#pending.length === 0
                ? Buffer.from(value.buffer, value.byteOffset, value.length)
                : Buffer.concat([this.#pending, value]);
        return value.length;
    }
    #strange(what) {
        return new errors/* ComebackError */.U$('damaged', `Line ${this.line} of the dump holds ${what}.`, { hint: 'Use another backup.' });
    }
}
function countLines(bytes) {
    let count = 0;
    for (let at = 0; at < bytes.length; at++)
        if (bytes[at] === script_reader_NEWLINE)
            count++;
    return count;
}

;// CONCATENATED MODULE: ./build/postgres/script/script-settings.js
/** The head of a script: which programs it came from, and the settings under which its text is to be read. */

const TITLE = '-- PostgreSQL database dump';
const SERVER = /^-- Dumped from database version (\d+)(?:\.(\d+))?(?:\.(\d+))?/;
const PROGRAM = /^-- Dumped by pg_dump version (\d+[\d.]*)/;
const SETTING = /^SET ([a-z_]+) = (.+)$/;
/** Bytes of which each is a character of ASCII wherever the lexer looks for one; the engine's own connections speak UTF-8. */
const ENCODINGS = ['UTF8', 'SQL_ASCII'];
/** What `--clean` writes before the first entry. A restore empties the target in its own way. */
const CLEANING = /^(?:DROP |ALTER .*\sDROP |CREATE OR REPLACE VIEW |SELECT pg_catalog\.lo_unlink\()/s;
const BY_HAND = 'Decrypt it with openssl and gunzip, and restore it with psql.';
class ScriptSettings {
    #titled = false;
    #serverVersion;
    #pgDump = 'pg_dump';
    #encoding = 'UTF8';
    comment(text) {
        if (text === TITLE)
            this.#titled = true;
        const server = SERVER.exec(text);
        if (server !== null)
            this.#serverVersion ??= versionNumber(server.slice(1).map(part => Number(part ?? 0)));
        const program = PROGRAM.exec(text)?.[1];
        if (program !== undefined)
            this.#pgDump = `pg_dump ${program}`;
    }
    /** Of one before the first entry: whether it belongs to the script, or only cleans up for psql. Throws `unsupported`. */
    statement({ text, line }) {
        this.check();
        const [, name, value = ''] = SETTING.exec(text) ?? [];
        if (name === 'client_encoding')
            this.#encoding = value.replaceAll("'", '');
        if (!ENCODINGS.includes(this.#encoding))
            throw script_settings_unsupported(`its text is in ${this.#encoding}`);
        if (name === 'standard_conforming_strings' && value !== 'on')
            throw script_settings_unsupported('backslashes in its strings escape');
        // Names without their schemas mean what the path says, entry by entry.
        if (name === 'search_path')
            throw script_settings_unsupported('a pg_dump older than 10.3 wrote it');
        if (name !== undefined || /^SELECT pg_catalog\.set_config\('[a-z_]+', '', false\)$/.test(text))
            return true;
        if (CLEANING.test(text))
            return false;
        throw script_settings_unsupported(`line ${line} is not known there`);
    }
    /** Throws `unsupported` if the text was nothing that pg_dump writes. */
    check() {
        if (!this.#titled) {
            throw new errors/* ComebackError */.U$('unsupported', 'It holds no plain script of pg_dump.', {
                hint: 'An archive in another format of pg_dump (custom, tar, directory) is restored by pg_restore.',
            });
        }
    }
    facts() {
        if (this.#serverVersion === undefined)
            throw script_settings_unsupported('it does not say of which server it is');
        return { serverVersion: this.#serverVersion, encoding: this.#encoding, pgDump: this.#pgDump };
    }
}
/** 14.23 is 140023; before 10, 9.6.24 was 90624. */
function versionNumber([major = 0, second = 0, third = 0]) {
    return major >= 10 ? major * 10_000 + second : major * 10_000 + second * 100 + third;
}
function script_settings_unsupported(why) {
    return new errors/* ComebackError */.U$('unsupported', `The dump cannot be read: ${why}.`, { hint: BY_HAND });
}

;// CONCATENATED MODULE: ./build/postgres/script.js
/**
 * A plain script of pg_dump as a Source: the same segments as a database gives, cut by the same lexer. Whoever could write the
 * file could have written anything into it, so what pg_dump never writes is refused: psql's commands, which could run programs, and the
 * ends of transactions, after which a restore could not be undone.
 */












/** Bytes of the script without rows that are held in memory; a schema of 10,000 tables has about 20 MiB. */
const SCHEMA_LIMIT = 512 * sizes/* MiB */.lv;
const COMMENT = '--';
const DUMP_END = '-- PostgreSQL database dump complete';
const DATA_HEADER = '-- Data for Name: ';
const VIA_ROOT = /^-- load via partition root /;
const RESTRICT = /^\\(?:un)?restrict [A-Za-z0-9]+$/;
const ENDS_TRANSACTION = /^(?:BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE\s+TRANSACTION|SET\s+(?:SESSION|LOCAL)?\s*TRANSACTION)\b/i;
/**
 * Reading throws `damaged` if the script is not complete, `unsupported` for one of another kind (`--inserts`, `--create`, other formats or
 * encodings), `unsafe-archive` for what pg_dump never writes, and what `open` throws.
 */
function createScriptSource({ identity, open }) {
    return {
        component: 'database',
        identity,
        async read(out, signal) {
            const reader = new ScriptReader(open(signal));
            try {
                out.phase('Reading the dump');
                return await new ScriptImport(reader, out).read();
            }
            finally {
                await reader.close();
            }
        },
    };
}
class ScriptImport {
    #reader;
    #out;
    #settings = new ScriptSettings();
    #schema = [];
    #schemaSize = 0;
    #created = new Set();
    #loaded = new Set();
    #rows = {};
    #names = new Set();
    #hasExtensions = false;
    #largeObjects = 0;
    #header;
    #inData = false;
    #viaRoot = false;
    #complete = false;
    constructor(reader, out) {
        this.#reader = reader;
        this.#out = out;
    }
    async read() {
        // Text of another kind would be read as one long statement.
        const start = await this.#reader.beginning(COMMENT.length);
        if (start === '')
            throw script_incomplete();
        if (start !== COMMENT)
            this.#settings.check();
        for (let piece = await this.#reader.next(); piece !== undefined; piece = await this.#reader.next()) {
            await this.#take(piece);
        }
        if (!this.#complete)
            throw script_incomplete();
        this.#settings.check();
        return await this.#writeSchema();
    }
    async #take(piece) {
        if (piece.type === 'command') {
            if (!RESTRICT.test(piece.text))
                throw psqlCommand(piece);
        }
        else if (piece.type === 'statement') {
            if (this.#complete)
                throw goesOn(piece);
            await this.#statement(piece);
        }
        else {
            if (piece.text === DUMP_END)
                this.#complete = true;
            this.#comment(piece);
            this.#keep(piece);
        }
    }
    #comment({ text }) {
        this.#settings.comment(text);
        if (this.#inData && VIA_ROOT.test(text))
            this.#viaRoot = true;
        const header = headerOf(text);
        if (header === undefined)
            return;
        this.#header = header;
        // Whatever type the rest of it seems to name: in a name may stand anything.
        this.#inData = text.startsWith(DATA_HEADER);
        this.#viaRoot = false;
        if (header.type === 'EXTENSION')
            this.#hasExtensions = true;
    }
    async #statement(piece) {
        const { text } = piece;
        if (/^COPY\b/i.test(text))
            await this.#copy(piece);
        else if (text === 'BEGIN' && this.#inData)
            await this.#writeLargeObjects();
        else if (ENDS_TRANSACTION.test(text))
            throw endsTransaction(piece);
        else if (/^INSERT\b/i.test(text))
            throw inserts(piece);
        else if (this.#header !== undefined || this.#settings.statement(piece)) {
            const table = tableCreated(text);
            if (table !== undefined)
                this.#created.add(keyOf(table));
            this.#keep(piece);
        }
    }
    #keep({ raw }) {
        // Copied: the piece is a part of a buffer that is mostly rows, perhaps.
        this.#schema.push(Buffer.from(raw));
        this.#schemaSize += raw.length;
        if (this.#schemaSize > SCHEMA_LIMIT) {
            throw new errors/* ComebackError */.U$('unsupported', 'The dump has more schema than can be held in memory.', {
                hint: 'Decrypt it with openssl and gunzip, and restore it with psql.',
            });
        }
    }
    async #copy(piece) {
        const copy = parseCopy(piece.text);
        if (copy === undefined || !this.#inData)
            throw strangeCopy(piece);
        const { into, columns } = copy;
        const head = copyLine(copy);
        const table = this.#tableRead(copy);
        const name = this.#newName(displayName(table));
        // An extension brings its table along; the rows join those that are there.
        const rows = this.#created.has(keyOf(into)) ? 'own' : 'added';
        if (rows === 'added' && !this.#hasExtensions)
            throw dataOnly(piece);
        const shape = { columns: [...columns], head: head.length, tail: COPY_END.length, from: 0, to: null, rows };
        await this.#out.segment({ name, group: '01-data', detail: { kind: 'rows', table, into, ...shape } }, this.#block(name, head));
        this.#loaded.add(keyOf(table));
    }
    async *#block(name, head) {
        yield head;
        this.#rows[name] = yield* this.#reader.rows();
        yield COPY_END;
    }
    /** Another than the one to load only where rows go through the partition root; the comment above them names it. */
    #tableRead({ into }) {
        if (!this.#viaRoot)
            return into;
        return { schema: this.#header?.schema ?? into.schema, name: this.#header?.name ?? into.name };
    }
    #newName(wanted) {
        let name = wanted;
        for (let again = 2; this.#names.has(name); again++)
            name = `${wanted} (${again})`;
        this.#names.add(name);
        return name;
    }
    async #writeLargeObjects() {
        this.#largeObjects++;
        const detail = { kind: 'script', content: 'large-objects' };
        const name = this.#newName('large objects');
        await this.#out.segment({ name, group: '01-data', detail }, largeObjectLines(this.#reader));
    }
    async #writeSchema() {
        const { serverVersion, encoding, pgDump } = this.#settings.facts();
        const text = Buffer.concat(this.#schema);
        if (encoding === 'UTF8' && !(0,external_node_buffer_.isUtf8)(text))
            throw notUtf8();
        const { preData, postData, sequences, all } = sortSchema(scriptFor(text, 'pre-data', serverVersion));
        await this.#writeSection('pre-data', preData);
        if (sequences !== '') {
            const detail = { kind: 'script', content: 'sequences' };
            await this.#out.segment({ name: 'sequence values', group: '99-schema', detail }, once(Buffer.from(sequences)));
        }
        await this.#writeSection('post-data', postData);
        const detail = describeScript(all, {
            serverVersion,
            encoding,
            pgDump,
            rows: this.#rows,
            loaded: this.#loaded,
            otherData: sequences !== '' || this.#largeObjects > 0,
        });
        const problems = detail.schemaOnly
            ? [{ severity: 'warning', message: 'The dump is schema-only: tables will come back without rows.' }]
            : [];
        return { detail: { ...detail }, problems };
    }
    async #writeSection(section, { text, entries }) {
        const group = section === 'pre-data' ? '00-schema' : '99-schema';
        const detail = { kind: 'schema', section, entries: [...entries] };
        await this.#out.segment({ name: `schema, ${section}`, group, detail }, once(text));
    }
}
async function* once(bytes) {
    if (bytes.length > 0)
        yield bytes;
}
const script_BY_HAND = 'Decrypt it with openssl and gunzip, and restore it with psql.';
const CHANGED = 'pg_dump writes no such script. Find out who changed it; use another backup.';
function script_incomplete() {
    return new errors/* ComebackError */.U$('damaged', 'The dump is not complete: what pg_dump writes at its end is missing.', {
        hint: 'pg_dump failed when it was made. Use another backup.',
    });
}
function goesOn({ line }) {
    return new errors/* ComebackError */.U$('damaged', `The dump goes on behind its end, in line ${line}.`, { hint: CHANGED });
}
function psqlCommand({ text, line }) {
    const word = /^\\[A-Za-z!?]*/.exec(text)?.[0] ?? '\\';
    if (word === '\\connect') {
        return new errors/* ComebackError */.U$('unsupported', `Line ${line} of the dump connects to a database of its own choice.`, {
            hint: `It was made with pg_dump --create. ${script_BY_HAND}`,
        });
    }
    return new errors/* ComebackError */.U$('unsafe-archive', `Line ${line} of the dump is a command of psql: ${word}`, {
        hint: CHANGED,
    });
}
function endsTransaction({ line }) {
    return new errors/* ComebackError */.U$('unsafe-archive', `Line ${line} of the dump begins or ends a transaction.`, {
        hint: CHANGED,
    });
}
function strangeCopy({ line }) {
    return new errors/* ComebackError */.U$('unsafe-archive', `Line ${line} of the dump is a COPY that pg_dump does not write.`, {
        hint: CHANGED,
    });
}
function inserts({ line }) {
    return new errors/* ComebackError */.U$('unsupported', `Line ${line} of the dump is an INSERT: its rows are not COPY data.`, {
        hint: `It was made with pg_dump --inserts. ${script_BY_HAND}`,
    });
}
function dataOnly({ line }) {
    return new errors/* ComebackError */.U$('unsupported', `Line ${line} of the dump fills a table that the dump does not create.`, {
        hint: `It was made with pg_dump --data-only. ${script_BY_HAND}`,
    });
}
function notUtf8() {
    return new errors/* ComebackError */.U$('damaged', 'The dump says that its text is UTF-8, and it is not.', {
        hint: 'It was altered or damaged. Use another backup.',
    });
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

// EXTERNAL MODULE: ./build/version.js
var version = __webpack_require__(8508);
;// CONCATENATED MODULE: ./build/job-old-scheme.js
/**
 * The old scripts' backups: imported, listed, restored. A part of the composition root: it makes Sources of their files, and a store for a
 * moment where one of them is to be restored.
 */
















/** openssl's own, where `-iter` is not given. */
const DEFAULT_ITERATIONS = 10_000;
const UNAUTHENTICATED = {
    severity: 'warning',
    message: 'Backups of the old scripts carry no authentication: whoever could write to their folder could have altered them.',
    hint: 'Padding, check sums and the end of each were checked, which finds accidents. Compare what they hold before you rely on it.',
};
/** The folder of `old:DIR`. */
function oldFolderOf(location) {
    return location.startsWith(OLD) && location.length > OLD.length ? location.slice(OLD.length) : undefined;
}
async function importOld(components, store, keys, options, context) {
    const folder = (0,external_node_path_.resolve)(context.cwd, options.from);
    const { files, foreign } = await listOldBackups(folder, components);
    const result = await importBackups({
        ...requestOf(store, keys, options, context),
        backups: files.map(file => oldBackup(file, folder, keys, options)),
    });
    const problems = files.length === 0 ? [] : [UNAUTHENTICATED, ...undated(files)];
    return { command: 'import', from: options.from, store: store.location, ...result, foreign, problems };
}
async function listOld(folder, components, cwd) {
    const { files, foreign } = await listOldBackups((0,external_node_path_.resolve)(cwd, folder), components);
    const unknown = { stock: true, bytes: 0, keyId: '', leansOn: [], authenticated: false };
    const backups = files.toReversed().map(({ component, name, time, size }) => ({
        ...unknown,
        component,
        id: name,
        time: time.toISOString(),
        status: 'unread',
        stored: size,
    }));
    return { command: 'list', store: `${OLD}${folder}`, backups, foreign };
}
/**
 * By way of a store of its own that lasts as long as the restore: a Sink reads here and there, which these files don't allow, and
 * so nothing is touched before all of the file has been read and found sound.
 */
async function restoreOld({ component, at, keys, ...asked }, options, context, restoring) {
    const folder = (0,external_node_path_.resolve)(context.cwd, asked.folder);
    const { progress, signal } = context;
    const { files } = await listOldBackups(folder, [component]);
    const old = oldBackup(chosen(files, component, at, asked.folder), folder, keys, options);
    const place = await (0,promises_.mkdtemp)((0,external_node_path_.join)(context.temporary, 'comeback-old-'));
    try {
        // Known to people by the folder that they named.
        const store = { ...openLocalStore(place), location: options.store };
        progress({ type: 'phase', component, text: `checking ${old.name}` });
        await checkSource(old.source, signal);
        const request = requestOf(store, keys, options, context);
        const outcome = await backup({ ...request, source: old.source, now: () => old.time });
        if (outcome.status === 'failed') {
            const { code, message, hint } = outcome.error;
            throw new errors/* ComebackError */.U$(code, message, { hint });
        }
        const { keyring } = request;
        const report = await restoring({ store, keyring, moment: { kind: 'id', id: outcome.id } });
        return saying(report, `Read from ${old.name} in ${asked.folder}`, [UNAUTHENTICATED, ...outcome.problems]);
    }
    finally {
        await (0,promises_.rm)(place, { recursive: true, force: true });
    }
}
/** The id is one of a moment: the file is what people know. */
function saying(report, origin, more) {
    if (report.command === 'restore') {
        return { ...report, summary: [origin, ...report.summary], problems: [...more, ...report.problems] };
    }
    const { target } = report;
    return { ...report, target: { ...target, problems: [...more, ...target.problems] } };
}
function requestOf(store, { passphrase }, options, { progress, signal }) {
    return {
        store,
        keyring: new Keyring(passphrase),
        ...(options.source === undefined ? {} : { sourceName: options.source }),
        codec: options.codec,
        level: options.level,
        full: false,
        fullEvery: options.fullEvery,
        tools: { comeback: version/* VERSION */.x, node: process.version },
        progress,
        signal,
    };
}
function oldBackup(file, folder, { passphrases }, options) {
    const { component, path } = file;
    const name = `${component}/${file.name}`;
    const stretched = pbkdf2Derivation(options.kdfIterations ?? DEFAULT_ITERATIONS);
    const legacy = LEGACY_DERIVATIONS.map(derivation => ({ derivation, options: '--legacy-kdf' }));
    const standard = {
        derivation: pbkdf2Derivation(DEFAULT_ITERATIONS),
        options: 'neither --legacy-kdf nor --kdf-iterations',
    };
    const search = {
        name,
        path,
        passphrases,
        derivations: options.legacyKdf ? LEGACY_DERIVATIONS : [stretched],
        others: options.legacyKdf ? [standard] : [...legacy, standard],
    };
    const open = (signal) => readOldFile(search, signal);
    return { ...file, source: sourceOf(component, `old-scheme ${component} ${folder}`, name, open) };
}
/** Errors of what is inside name the file, too. */
function sourceOf(component, identity, name, open) {
    const source = bareSource(component, identity, open);
    return {
        ...source,
        async read(out, signal) {
            try {
                return await source.read(out, signal);
            }
            catch (error) {
                if (signal.aborted || !(error instanceof errors/* ComebackError */.U$) || error.message.includes(name))
                    throw error;
                throw new errors/* ComebackError */.U$(error.code, `${name}: ${error.message}`, { hint: error.hint, cause: error });
            }
        },
    };
}
function bareSource(component, identity, open) {
    switch (component) {
        case 'database':
            return createScriptSource({ identity, open });
        case 'files':
            return createStoredArchiveSource({
                component,
                identity,
                open,
                detail: { kind: 'files', base: 'root' },
                place: path => path,
            });
        case 'config':
            return createStoredArchiveSource({
                component,
                identity,
                open,
                detail: { kind: 'config', env: [] },
                place: placeOf,
            });
    }
}
function chosen(files, component, at, folder) {
    const named = files.find(({ name }) => name === at || `${component}/${name}` === at);
    if (named !== undefined)
        return named;
    const found = files.findLast(({ time }) => {
        if (at === 'latest')
            return true;
        if (/\.enc$/.test(at))
            return false;
        const moment = parseMoment(at);
        if (moment.kind === 'day')
            return time.toISOString().startsWith(moment.day);
        return moment.kind === 'time' && time <= moment.time;
    });
    if (found !== undefined)
        return found;
    const newest = files.at(-1);
    throw new errors/* ComebackError */.U$('no-such-backup', `No ${component} backup ${at} in ${OLD}${folder}.`, {
        hint: newest === undefined
            ? `The folder holds no ${component} backup at all.`
            : `The newest is ${newest.name}. \`comeback list ${component} --store ${OLD}${folder}\` shows all.`,
    });
}
/** Their dates are worth a look: a copied file has the time of the copy. */
function undated(files) {
    const names = files.filter(({ from }) => from !== 'name').map(({ name }) => name);
    if (names.length === 0)
        return [];
    return [
        {
            severity: 'warning',
            message: `No date stands in the names of ${names.length} ${names.length === 1 ? 'file' : 'files'} (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}): the time of their last change is taken for it.`,
        },
    ];
}

// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
;// CONCATENATED MODULE: ./build/files/file-problems.js
/** Of one kind; the rest is counted. */
const NAMED = 20;
const file_problems_KINDS = {
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
            entry.named.push(`${path} ${file_problems_KINDS[kind].text}${reason === undefined ? '' : `: ${reason}`}.`);
        },
        list: () => [...found].flatMap(([kind, { named, count }]) => {
            const { severity, hint, many } = file_problems_KINDS[kind];
            // Files are read side by side, so they don't come in a fixed order.
            const messages = named.toSorted();
            if (count > named.length)
                messages.push(`${count - named.length} ${many}.`);
            return messages.map(message => ({ severity, message, hint }));
        }),
    };
}

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
const pack_AHEAD = 16;
/** Bytes that make a piece of the stream. */
const pack_PIECE = 256 * sizes/* KiB */.ty;
/** A read of a big file. */
const pack_READ_SIZE = 1024 * sizes/* KiB */.ty;
// Opening and reading may wait for a disk, so they leave the thread; what only looks at an open file does not, which is worth
// a factor of three with small files. The file handles of `node:fs/promises` cost as much again.
const openFd = (0,external_node_util_.promisify)(external_node_fs_.open);
const readFd = (0,external_node_util_.promisify)(external_node_fs_.read);
const READ = external_node_fs_.constants.O_RDONLY | external_node_fs_.constants.O_NONBLOCK;
/** `place` gives an entry its path in the archive. */
async function* packFiles(files, place, problems, signal) {
    let parts = [];
    let length = 0;
    for await (const opened of pack_ahead(files, found => openFound(found, place))) {
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
        if (length < pack_PIECE)
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
            bytes: [pack_headOf(found, place, before), content.subarray(0, size + tarPadding(size))],
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
        yield pack_headOf(found, place, before);
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
    const piece = Buffer.allocUnsafe(Math.min(pack_READ_SIZE, size - offset));
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
function pack_headOf(found, place, { mode, mtimeMs, size }) {
    return encodeTarHead({ path: place(found.path), kind: 'file', mode, mtime: mtimeMs, size });
}
async function* zeros(length, signal) {
    for (let left = length; left > 0; left -= pack_READ_SIZE) {
        signal.throwIfAborted();
        yield Buffer.alloc(Math.min(left, pack_READ_SIZE));
    }
}
/** Opens some files ahead of the one whose turn it is; closes those whose turn never comes. */
async function* pack_ahead(files, openOne) {
    const window = [];
    try {
        for await (const found of files) {
            window.push(openOne(found));
            if (window.length < pack_AHEAD)
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





/** No system starts a program with more of them. */
const environment_LARGEST = 64 * sizes/* MiB */.lv;
const environment_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
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
        if (environment_NAME.test(name))
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
/** Those of a configuration archive; undefined if it has none. Throws `damaged`. */
async function readVariables(archive) {
    for await (const { path, kind, size, content } of readTar(archive)) {
        if (path !== ENVIRONMENT_FILE || kind !== 'file')
            continue;
        if (size > environment_LARGEST) {
            throw new errors/* ComebackError */.U$('damaged', `The environment file of the backup would have ${size} bytes.`);
        }
        const parts = [];
        for await (const part of content)
            parts.push(Buffer.from(part));
        return parseEnvironment(Buffer.concat(parts).toString());
    }
    return undefined;
}

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

;// CONCATENATED MODULE: ./build/files/presence.js


/** Of a link, the link itself; undefined if nothing is there. */
async function presence_presence(path) {
    try {
        return await (0,promises_.lstat)(path);
    }
    catch (error) {
        if (isGone(error))
            return undefined;
        throw error;
    }
}
/** Whether it is a folder proper, and of the user that runs this: nobody else can have put it there. */
function isOwnFolder(stats) {
    return stats?.isDirectory() === true && (process.geteuid === undefined || stats.uid === process.geteuid());
}

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
const write_error_HINTS = {
    EACCES: 'The target is as it was. Let the user that restores write there, or restore into another folder.',
    EPERM: 'The target is as it was. Let the user that restores write there, or restore into another folder.',
    ENOSPC: 'The target is as it was. Make room, or restore into a folder on another disk.',
    EDQUOT: 'The target is as it was. Make room, or restore into a folder on another disk.',
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
            hint: write_error_HINTS[systemCode(error) ?? ''] ?? 'The target is as it was. Remove the cause and restore again.',
            cause: error,
        });
    }
}
function systemCode(error) {
    return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

;// CONCATENATED MODULE: ./build/files/remove-tree.js
/** A folder with all that is in it, even where a folder's own mode forbids that. Links are removed, never followed. */



async function removeTree(folder) {
    try {
        await (0,promises_.rm)(folder, { recursive: true, force: true });
    }
    catch (error) {
        if (systemCode(error) !== 'EACCES' && systemCode(error) !== 'EPERM')
            throw error;
        await openFolders(folder);
        await (0,promises_.rm)(folder, { recursive: true, force: true });
    }
}
async function openFolders(folder) {
    await (0,promises_.chmod)(folder, 0o700);
    for (const entry of await (0,promises_.readdir)(folder, { withFileTypes: true })) {
        if (entry.isDirectory())
            await openFolders((0,external_node_path_.join)(folder, entry.name));
    }
}

;// CONCATENATED MODULE: ./build/files/workplace.js
/**
 * Where a restore works before anything shows in the target: a folder for its user alone, on the target's own file system,
 * since only there a rename is one step.
 *
 *     uploads/                                          the target
 *     .uploads.restoring-20261123T020000Z-7f3a91/       beside it: the whole folder is being made
 *     uploads.before-20261123T020000Z-7f3a91/           what it was, kept until it is discarded
 *     uploads/.comeback-restoring-20261123T020000Z-…/   in it: single files are being made
 *     uploads/.comeback-before-20261123T020000Z-…/      the files that they replaced, kept likewise
 *
 * Whatever ends a restore, the names that it leaves say what is to be done about them, and the next restore does it.
 */









const ID = '\\d{8}T\\d{6}Z-[0-9a-f]{6}';
const INSIDE = new RegExp(`^\\.comeback-(restoring|before)-(${ID})$`);
const BESIDE = new RegExp(`^(?:\\.(.+)\\.restoring|(.+)\\.before)-(${ID})$`, 's');
const workplace_RECORD = 'restore.json';
/** Where `target` is to be made beside it or, for single files, in it. */
async function makeWorkplace(target, where, former) {
    const id = `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}-${(0,external_node_crypto_.randomBytes)(3).toString('hex')}`;
    const place = workplaceOf(target, where, id);
    await writing(place.path, () => (0,promises_.mkdir)(place.path, { mode: 0o700 }));
    const record = { process: process.pid, born: await birthOf(process.pid), host: (0,external_node_os_.hostname)(), former };
    await writing(place.path, () => (0,promises_.writeFile)((0,external_node_path_.join)(place.path, workplace_RECORD), JSON.stringify(record), { mode: 0o600, flag: 'wx' }));
    return place;
}
/** Folders of that form that are not this user's are somebody else's affair. */
async function workplace_findLeftovers(target) {
    const found = [];
    for (const [folder, where] of [
        [(0,external_node_path_.dirname)(target), 'beside'],
        [target, 'inside'],
    ]) {
        for (const name of await workplace_namesIn(folder)) {
            const own = ownName(name);
            if (own?.kind !== 'restoring' || own.where !== where)
                continue;
            if (where === 'beside' && own.target !== (0,external_node_path_.basename)(target))
                continue;
            const leftover = await readLeftover(target, where, own.id);
            if (leftover !== undefined)
                found.push(leftover);
        }
    }
    return found;
}
/** Undefined if it is no folder of this user. */
async function readLeftover(target, where, id) {
    const place = workplaceOf(target, where, id);
    if (!isOwnFolder(await presence_presence(place.path)))
        return undefined;
    const record = await workplace_readRecord((0,external_node_path_.join)(place.path, workplace_RECORD));
    return { ...place, target, where, former: record.former, process: record.process };
}
/** Undefined of a name that no restore gave. */
function ownName(name) {
    const [, kind, insideId] = INSIDE.exec(name) ?? [];
    if (insideId !== undefined) {
        return { where: 'inside', target: '', kind: kind === 'before' ? 'before' : 'restoring', id: insideId };
    }
    const [, restoring, before, id] = BESIDE.exec(name) ?? [];
    if (id === undefined)
        return undefined;
    const kindOf = restoring === undefined ? 'before' : 'restoring';
    return { where: 'beside', target: restoring ?? before ?? '', kind: kindOf, id };
}
async function removeWorkplace({ path }) {
    await writing(path, () => removeTree(path));
}
/** What is kept of the former state, and what a restore works in, are no part of what stands in a folder. */
async function isEmptyFolder(folder) {
    return (await workplace_namesIn(folder)).every(name => ownName(name)?.where === 'inside');
}
function stillRunning({ target, path, process }) {
    return new errors/* ComebackError */.U$('failed', `Another restore into ${target} seems to be under way (process ${process}).`, {
        hint: `Wait for it, or end it. It works in ${path}.`,
    });
}
function workplaceOf(target, where, id) {
    const [folder, prefix] = where === 'beside' ? [(0,external_node_path_.dirname)(target), (0,external_node_path_.basename)(target)] : [target, '.comeback'];
    const path = (0,external_node_path_.join)(folder, where === 'beside' ? `.${prefix}.restoring-${id}` : `${prefix}-restoring-${id}`);
    const kept = (0,external_node_path_.join)(folder, where === 'beside' ? `${prefix}.before-${id}` : `${prefix}-before-${id}`);
    return { path, id, content: (0,external_node_path_.join)(path, 'content'), kept };
}
async function workplace_namesIn(folder) {
    try {
        return await (0,promises_.readdir)(folder);
    }
    catch (error) {
        if (isGone(error) || systemCode(error) === 'EACCES')
            return [];
        throw error;
    }
}
/** A record that was cut short by the end of its process is that of a process that has ended. */
async function workplace_readRecord(file) {
    const nothing = { former: undefined, process: undefined };
    let record;
    try {
        record = JSON.parse(await (0,promises_.readFile)(file, 'utf8'));
    }
    catch (error) {
        if (isGone(error) || error instanceof SyntaxError)
            return nothing;
        throw error;
    }
    if (typeof record !== 'object' || record === null)
        return nothing;
    const { host, process: pid, born, former } = record;
    return {
        former: typeof former === 'number' ? former : undefined,
        // Of another machine's processes nothing is known; a container that was killed is another machine afterwards.
        process: host === (0,external_node_os_.hostname)() && typeof pid === 'number' && (await isAlive(pid, born)) ? pid : undefined,
    };
}
/** A number may have been given to another process since: one that was born at another time. */
async function isAlive(pid, born) {
    if (pid === process.pid)
        return false;
    try {
        process.kill(pid, 0);
    }
    catch (error) {
        if (systemCode(error) !== 'EPERM')
            return false;
    }
    return typeof born !== 'string' || born === (await birthOf(pid));
}
/** Clock ticks after the system's start, from Linux; undefined where there is no such file. */
async function birthOf(pid) {
    try {
        // The name of the program, in parentheses, may hold anything: proc(5), field 22.
        return (await (0,promises_.readFile)(`/proc/${pid}/stat`, 'utf8')).split(')').at(-1)?.split(' ')[20];
    }
    catch (error) {
        if (isGone(error) || ['EACCES', 'ESRCH'].includes(systemCode(error) ?? ''))
            return undefined;
        throw error;
    }
}

;// CONCATENATED MODULE: ./build/files/existing-files.js
/** What a folder holds before something is restored into it. */





/** The folder may be a whole disk, and beyond this nobody reads the number. */
const LIMIT = 100_000;
const existing_files_NAMED = 5;
/** Files, and links whatever they lead to, at any depth; none where there is no folder. Those of `except` don't count. */
async function existingFiles(directory, signal, except = () => false) {
    const folders = [directory];
    const names = [];
    let files = 0;
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
        signal.throwIfAborted();
        for await (const entry of await openIfThere(folder)) {
            const path = (0,external_node_path_.join)(folder, entry.name);
            // What an earlier restore keeps there, or works in, is no content.
            if (folder === directory && ownName(entry.name)?.where === 'inside')
                continue;
            if (entry.isDirectory())
                folders.push(path);
            else {
                const name = (0,external_node_path_.relative)(directory, path);
                if (except(name))
                    continue;
                if (names.length < existing_files_NAMED)
                    names.push(name);
                if (files++ >= LIMIT)
                    return { files: LIMIT, more: true, names };
            }
        }
    }
    return { files, more: false, names };
}
async function openIfThere(folder) {
    try {
        return await (0,promises_.opendir)(folder);
    }
    catch (error) {
        // Where we may not look, nothing of ours could be replaced either.
        if (isGone(error) || systemCode(error) === 'EACCES')
            return [];
        throw error;
    }
}

;// CONCATENATED MODULE: ./build/files/left-out.js
/** In problems; the rest is counted. */
const LISTED = 20;
function summarize({ files, folders, links, bytes }) {
    const parts = [`${left_out_count(files, 'file')} (${left_out_count(bytes, 'byte')})`, left_out_count(folders, 'folder')];
    return [...parts, ...(links > 0 ? [left_out_count(links, 'link')] : [])].join(', ');
}
function leftOutProblems({ leftOut }, planned = false) {
    const problems = leftOut.slice(0, LISTED).map(({ path, target }) => ({
        severity: 'partial',
        message: `The link ${JSON.stringify(path)} to ${JSON.stringify(target)} leads out of the folder and ${planned ? 'is' : 'was'} not made.`,
        hint: 'Make it by hand if it is wanted: ln -s TARGET LINK.',
    }));
    if (leftOut.length <= LISTED)
        return problems;
    const message = `${leftOut.length - LISTED} more links lead out of the folder and ${planned ? 'are' : 'were'} not made.`;
    return [...problems, { severity: 'partial', message }];
}
function left_out_count(number, noun) {
    return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}

;// CONCATENATED MODULE: ./build/files/folder-target.js

function folderTarget(place, { files, folders, links, bytes, leftOut, taken }, { way, kept, needsConfirmation = false, losses, holds, problems = [], refused }) {
    return {
        kind: 'folder',
        place,
        way,
        brings: { files, folders, links, bytes },
        holds: { files: holds.files, more: holds.more },
        losses,
        needsConfirmation,
        ...(way === 'merge' ? { replaced: taken } : {}),
        ...(losses.length > 0 && kept !== undefined ? { kept } : {}),
        problems: [...leftOutProblems({ leftOut }, true), ...problems],
        ...(refused === undefined ? {} : { refusal: { code: refused.code, message: refused.message, hint: refused.hint } }),
    };
}

;// CONCATENATED MODULE: ./build/files/inspect.js
/**
 * The first of two readings of an archive: is it harmless, and does its place take it? Only when all of it has been seen is
 * anything written, so a refused restore leaves everything as it was.
 */





/** In an error message; the rest is counted. */
const inspect_NAMED = 5;
/** Of what stands in the way: more would make a slow search of patterns. */
const MOST_PATHS = 200;
/** What the archive holds, and what is in its way. Throws `unsafe-archive` or `damaged`. */
async function surveyArchive(archive, { directory, filter }, signal) {
    const members = checkMembers();
    const place = examine(directory);
    const brought = new Set();
    const passed = [];
    const leftOut = [];
    const counts = { files: 0, folders: 0, links: 0, bytes: 0 };
    for await (const entry of readTar(archive)) {
        signal.throwIfAborted();
        const parts = members.check(entry);
        const { kind, target, size } = entry;
        if (filter?.takes(parts, entry) === false) {
            if (kind === 'folder')
                passed.push(parts.join('/'));
            continue;
        }
        if (kind === 'link' && !staysInside(parts, target)) {
            leftOut.push({ path: parts.join('/'), target });
            continue;
        }
        if (kind !== 'folder')
            brought.add(parts.join('/'));
        if (kind === 'folder')
            counts.folders++;
        else if (kind === 'link')
            counts.links++;
        else {
            counts.files++;
            counts.bytes += size;
        }
        await place.check(parts, kind);
    }
    counts.folders += passed.filter(folder => filter?.needs(folder) === true).length;
    const { conflicts, blocked } = place;
    return { ...counts, leftOut, conflicts, blocked, taken: place.taken(), brings: path => brought.has(path) };
}
/** Why the folder can't take the archive, if so. */
function conflictOf({ conflicts, blocked }, directory, overwrite) {
    const { count, names } = overwrite ? blocked : conflicts;
    if (count === 0)
        return undefined;
    const more = count > names.length ? ` and ${count - names.length} more` : '';
    return new errors/* ComebackError */.U$('not-empty', `${directory} already holds ${names.join(', ')}${more}.`, {
        hint: blocked.count > 0
            ? 'Folders, and links in the place of folders, are never replaced. Move them away or restore into another folder.'
            : 'Nothing was changed. Restore into another folder, or replace what is there with --overwrite.',
    });
}
function examine(directory) {
    const conflicts = { count: 0, names: [] };
    const blocked = { count: 0, names: [] };
    const taken = new Set();
    const tops = new Set();
    /** What is known of folders: there, or not, so that nothing below them is there either. */
    const known = new Map();
    function conflict(path, replaceable) {
        if (taken.size <= MOST_PATHS)
            taken.add(path);
        tops.add(path.split('/', 1).join(''));
        for (const found of replaceable ? [conflicts] : [conflicts, blocked]) {
            found.count++;
            if (found.names.length < inspect_NAMED)
                found.names.push(path);
        }
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
            const stats = await presence_presence((0,external_node_path_.join)(directory, path));
            state = stats === undefined ? 'missing' : stats.isDirectory() ? 'there' : 'blocked';
            if (state === 'blocked')
                conflict(path, false);
        }
        known.set(path, state);
        return state;
    }
    return {
        conflicts,
        blocked,
        taken: () => [...(taken.size <= MOST_PATHS ? taken : tops)],
        async check(parts, kind) {
            if (kind === 'folder') {
                await folder(parts);
                return;
            }
            if ((await folder(parts.slice(0, -1))) !== 'there')
                return;
            const stats = await presence_presence((0,external_node_path_.join)(directory, ...parts));
            if (stats !== undefined)
                conflict(parts.join('/'), !stats.isDirectory());
        },
    };
}

;// CONCATENATED MODULE: ./build/files/member-filter.js
/**
 * Which members of an archive are wanted. Patterns are globs on the paths in the archive, as `--files` has them on those of
 * the disk: what a pattern names is taken whole, a folder with everything below it, and a wildcard passes names by that begin
 * with a dot unless the pattern writes that dot.
 *
 * Folders that a wanted member lies in come with it. Their own entries stand before it, so they are known only to whoever reads
 * the archive a second time with the same filter.
 */



/** Throws `usage` for patterns that can't be meant. */
function filterMembers(include) {
    const patterns = include.map(given => ({ given, matches: member_filter_compile(given), matched: false }));
    const needed = new Set();
    const takes = (parts) => {
        let taken = false;
        for (const pattern of patterns) {
            if (taken && pattern.matched)
                continue;
            const names = parts.some((_, index) => pattern.matches(parts.slice(0, index + 1).join('/')));
            if (names)
                pattern.matched = true;
            taken ||= names;
        }
        return taken;
    };
    return {
        takes(parts, { kind, target }) {
            if (!takes(parts))
                return kind === 'folder' && needed.has(parts.join('/'));
            if (kind === 'hard-link' && !takes(memberParts(target))) {
                throw new errors/* ComebackError */.U$('unsupported', `${parts.join('/')} is a hard link to ${target}, which is not included.`, {
                    hint: 'Include that file, too.',
                });
            }
            for (let depth = parts.length - 1; depth > 0; depth--) {
                const folder = parts.slice(0, depth).join('/');
                if (needed.has(folder))
                    break;
                needed.add(folder);
            }
            return true;
        },
        needs: folder => needed.has(folder),
        unmatched: () => patterns.filter(({ matched }) => !matched).map(({ given }) => given),
    };
}
function member_filter_compile(given) {
    const pattern = given.replace(/^(\.\/+)+/, '').replace(/\/+$/, '');
    if (pattern === '' || pattern.startsWith('/') || pattern.startsWith('!') || pattern.includes('\0')) {
        throw new errors/* ComebackError */.U$('usage', `${JSON.stringify(given)} is no pattern for files of a backup.`, {
            hint: "Patterns are relative and say what to take: 'uploads/2026' or 'uploads/**/*.jpg'.",
        });
    }
    const matches = picomatch(pattern);
    // A name may hold what a glob would read as wildcards.
    return path => path === pattern || matches(path);
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

;// CONCATENATED MODULE: ./build/files/durable.js
/**
 * What has been written reaches the disk before anything is renamed: otherwise a power failure could leave new names with
 * empty files behind them. Done for all files at the end and not for each as it is written, which takes several times as long.
 */




/** Files under way at a time. */
const IN_FLIGHT = 16;
async function makeDurable(folder, signal) {
    const flight = createFlight(IN_FLIGHT);
    const folders = [folder];
    try {
        for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
            const folder = next;
            for (const entry of await readable(folder, () => (0,promises_.readdir)(folder, { withFileTypes: true }))) {
                signal.throwIfAborted();
                const path = (0,external_node_path_.join)(next, entry.name);
                if (entry.isDirectory())
                    folders.push(path);
                else if (entry.isFile())
                    await flight.add(flush(path));
            }
            await flight.add(flush(next));
        }
        await flight.settle();
    }
    finally {
        await flight.land();
    }
}
/** A file's bytes, or a folder's names. */
async function flush(path) {
    await writing(path, async () => {
        const file = await readable(path, () => (0,promises_.open)(path, 'r'));
        try {
            await file.sync();
        }
        finally {
            await file.close();
        }
    });
}
/** A restored file's mode may keep its own owner from reading it. */
async function readable(path, run) {
    try {
        return await run();
    }
    catch (error) {
        if (systemCode(error) !== 'EACCES')
            throw error;
        const { mode } = await (0,promises_.lstat)(path);
        await (0,promises_.chmod)(path, 0o700);
        try {
            return await run();
        }
        finally {
            await (0,promises_.chmod)(path, mode & 0o7777);
        }
    }
}

// EXTERNAL MODULE: external "node:readline"
var external_node_readline_ = __webpack_require__(481);
;// CONCATENATED MODULE: ./build/files/merge-journal.js
/**
 * What a restore of single files is about to do, one JSON value a line, on the disk before the first file moves:
 *
 *     {"kind":"file","path":"a/b","ino":7,"size":3,"mtime":1}   goes from `content/a/b` to `a/b`
 *     {"kind":"folder","path":"a","mode":493,"mtime":1}         what the folder is to have in the end
 *     {"kind":"made","path":"a"}                                a folder that is not there yet
 *     {"kind":"overwrite"}                                      folders that are there get modes and times, too
 *
 * The file's name is the state: `journal.part` while the files are being made, `journal` while they are moved, `done` after it.
 */








const FILES = { making: 'journal.part', moving: 'journal', done: 'done' };
function writeJournal(workplace) {
    const path = (0,external_node_path_.join)(workplace, FILES.making);
    const stream = (0,external_node_fs_.createWriteStream)(path, { mode: 0o600, flags: 'wx' });
    let failure;
    // It is told of at the end; without this it would end the process.
    stream.on('error', error => {
        failure = error;
    });
    return {
        add(entry) {
            stream.write(`${JSON.stringify(entry)}\n`);
        },
        async close() {
            await writing(path, async () => {
                if (failure !== undefined)
                    throw failure;
                stream.end();
                await (0,external_node_stream_promises_.finished)(stream);
            });
            await flush(path);
        },
    };
}
async function* readJournal(workplace, state) {
    const input = (0,external_node_fs_.createReadStream)((0,external_node_path_.join)(workplace, FILES[state]));
    // Everything in it is ours, so it is not looked at again.
    for await (const line of (0,external_node_readline_.createInterface)({ input, crlfDelay: Number.POSITIVE_INFINITY }))
        yield JSON.parse(line);
}
async function journalState(workplace) {
    if ((await presence_presence((0,external_node_path_.join)(workplace, FILES.done))) !== undefined)
        return 'done';
    return (await presence_presence((0,external_node_path_.join)(workplace, FILES.moving))) === undefined ? 'making' : 'moving';
}
async function advanceJournal(workplace, from, to) {
    const path = (0,external_node_path_.join)(workplace, FILES[to]);
    await writing(path, () => (0,promises_.rename)((0,external_node_path_.join)(workplace, FILES[from]), path));
    await flush(workplace);
}

;// CONCATENATED MODULE: ./build/files/target-folders.js
/** The folders of a restore: each is made here or found to be a folder proper, never a link, before anything goes into it. */



/** While the content is being written, whatever the folder's own mode is to be. */
const WORKING_MODE = 0o700;
/** Folders that were there before keep their mode and time. */
function createTargetFolders(directory, impliedMode) {
    const seen = new Set();
    const made = new Set();
    const declared = new Map();
    async function ensure(parts, mode) {
        const name = parts.join('/');
        if (parts.length === 0 || seen.has(name))
            return;
        await ensure(parts.slice(0, -1), impliedMode);
        if (await makeFolder((0,external_node_path_.join)(directory, name), mode))
            made.add(name);
        seen.add(name);
    }
    return {
        ensure: parts => ensure(parts, impliedMode),
        async declare(parts, mode, mtime) {
            await ensure(parts, WORKING_MODE);
            if (parts.length > 0)
                declared.set(parts.join('/'), { mode, mtime });
        },
        count: () => declared.size,
        async finish() {
            for (const [name, { mode, mtime }] of [...declared].reverse()) {
                if (made.has(name))
                    await settleFolder((0,external_node_path_.join)(directory, name), mode, mtime);
            }
            return declared.size;
        },
    };
}
/** True if it was not there. A link in its place, even one to a folder, is an error. */
async function makeFolder(path, mode) {
    return writing(path, async () => {
        try {
            await (0,promises_.mkdir)(path, mode);
            return true;
        }
        catch (error) {
            if (systemCode(error) !== 'EEXIST' || !(await (0,promises_.lstat)(path)).isDirectory())
                throw error;
            return false;
        }
    });
}
async function settleFolder(path, mode, mtime) {
    await writing(path, async () => {
        await (0,promises_.chmod)(path, mode);
        await (0,promises_.utimes)(path, mtime, mtime);
    });
}

;// CONCATENATED MODULE: ./build/files/merge-repair.js
/**
 * The end of a merge, whichever it is: settled after the last move, or undone. Both may be done again from wherever they were
 * stopped. A file that was written to since it was moved to its place is no longer the one that the journal knows: undoing
 * leaves it as it is, and what it replaced stays in the kept folder.
 */







/** In the workplace: former versions, until all is done. */
const FORMER = 'former';
/** After an interrupted restore. Returns what was done, for people. */
async function repairInside(leftover) {
    const { path, target, kept, process } = leftover;
    if (process !== undefined)
        throw stillRunning(leftover);
    switch (await journalState(path)) {
        case 'making':
            await removeWorkplace(leftover);
            return `An earlier restore was interrupted; what it left in ${path} was removed.`;
        case 'moving': {
            const left = await undoMerge(leftover, target);
            await removeWorkplace(leftover);
            const rest = left === 0 ? '' : ` ${left} of them were written to since and stay; what stood there is in ${kept}.`;
            return `An earlier restore was interrupted as it placed files in ${target}; it was undone.${rest}`;
        }
        case 'done': {
            const former = await settleMerge(leftover, target);
            const rest = former === undefined ? '' : `; what it replaced is in ${former}`;
            return `An earlier restore into ${target} was complete, but not yet cleaned up after${rest}.`;
        }
    }
}
/** Modes and times of folders, and the workplace's end. Returns where former versions are kept, if there are any. */
async function settleMerge(place, target) {
    const made = new Set();
    const declared = [];
    let overwrite = false;
    for await (const entry of readJournal(place.path, 'done')) {
        if (entry.kind === 'overwrite')
            overwrite = true;
        else if (entry.kind === 'made')
            made.add(entry.path);
        else if (entry.kind === 'folder')
            declared.push(entry);
    }
    for (const { path, mode, mtime } of declared.reverse()) {
        const stats = await presence_presence((0,external_node_path_.join)(target, path));
        const may = made.has(path) || (overwrite && (isOwnFolder(stats) || process.geteuid?.() === 0));
        if (may && mode !== undefined && stats?.isDirectory() === true) {
            await settleFolder((0,external_node_path_.join)(target, path), mode, new Date(mtime));
        }
    }
    await keepFormer(place);
    await removeWorkplace(place);
    return (await presence_presence(place.kept)) === undefined ? undefined : place.kept;
}
/** Returns how many files were left as they are, because they are no longer those that were moved there. */
async function undoMerge(place, target) {
    const made = [];
    const isProper = properFolders(target);
    let left = 0;
    for await (const entry of readJournal(place.path, 'moving')) {
        if (entry.kind === 'made')
            made.push(entry.path);
        else if (entry.kind === 'file' || entry.kind === 'link') {
            const to = (0,external_node_path_.join)(target, entry.path);
            // Nothing goes through a link that has taken the place of a folder.
            const proper = await isProper(parentOf(entry.path));
            if (!(await writing(to, () => undoMove(place, entry, to, proper))))
                left++;
        }
    }
    for (const path of made.sort().reverse())
        if (await isProper(path))
            await removeIfEmpty((0,external_node_path_.join)(target, path));
    if (left > 0)
        await keepFormer(place);
    return left;
}
/** False if what it replaced could not be put back. */
async function undoMove(place, entry, to, proper) {
    const [from, former] = [(0,external_node_path_.join)(place.content, entry.path), (0,external_node_path_.join)(place.path, FORMER, entry.path)];
    const [staged, before] = [await presence_presence(from), await presence_presence(former)];
    if (!proper)
        return before === undefined;
    const there = await presence_presence(to);
    if (there === undefined) {
        if (before !== undefined)
            await (0,promises_.rename)(former, to);
        return true;
    }
    const isMoved = staged === undefined
        ? there.ino === entry.ino && there.mtimeMs === entry.mtime && there.size === entry.size
        : there.ino === staged.ino;
    if (isMoved)
        await (before === undefined ? (0,promises_.unlink)(to) : (0,promises_.rename)(former, to));
    else if (before !== undefined && before.ino === there.ino)
        await (0,promises_.unlink)(former);
    else
        return before === undefined;
    return true;
}
/** Whether a path below the target is a folder, and so is every one on the way there. */
function properFolders(target) {
    const known = new Map();
    return async function isProper(path) {
        if (path === '')
            return true;
        const before = known.get(path);
        if (before !== undefined)
            return before;
        const proper = (await isProper(parentOf(path))) && (await presence_presence((0,external_node_path_.join)(target, path)))?.isDirectory() === true;
        known.set(path, proper);
        return proper;
    };
}
function parentOf(path) {
    const parent = (0,external_node_path_.dirname)(path);
    return parent === '.' ? '' : parent;
}
async function keepFormer({ path, kept }) {
    const former = (0,external_node_path_.join)(path, FORMER);
    if ((await presence_presence(former)) !== undefined)
        await writing(kept, () => (0,promises_.rename)(former, kept));
}
async function removeIfEmpty(folder) {
    try {
        await (0,promises_.rmdir)(folder);
    }
    catch (error) {
        if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? ''))
            throw error;
    }
}

;// CONCATENATED MODULE: ./build/files/merge.js
/**
 * Single files restored into a folder that keeps the rest of what it holds. All of them are made first, in a workplace inside of
 * that folder, then moved to their places one by one. What they replace is kept: a second name is given to it (a hard link), and
 * the new file is renamed over the first one, so that no name is ever without a file.
 *
 * That is many steps, so a journal says what they are. Whatever stops them, an error or the death of the process, they are
 * undone, by the same run or by the next.
 */












/** Files moved side by side. */
const merge_IN_FLIGHT = 16;
/**
 * `make` fills the folder whose path it gets and tells of each member. If anything fails, the target is as it was. Returns
 * where former versions are kept, if there are any.
 */
async function mergeInto({ target, overwrite }, make, signal) {
    const place = await makeWorkplace(target, 'inside');
    try {
        await writing(place.content, () => (0,promises_.mkdir)(place.content, 0o700));
        const journal = writeJournal(place.path);
        const folders = neededFolders();
        let result;
        let missing;
        try {
            if (overwrite)
                journal.add({ kind: 'overwrite' });
            result = await make(place.content, member => {
                journal.add(member);
                folders.add(member);
            });
            missing = await missingFolders(target, folders);
            for (const path of missing)
                journal.add({ kind: 'made', path });
        }
        finally {
            await journal.close();
        }
        await makeDurable(place.content, signal);
        signal.throwIfAborted();
        await advanceJournal(place.path, 'making', 'moving');
        for (const path of missing)
            await makeFolder((0,external_node_path_.join)(target, path), folders.declared.has(path) ? 0o700 : 0o777);
        await moveAll(place, { target, overwrite }, signal);
        for (const path of folders.all)
            await flush((0,external_node_path_.join)(target, path));
        await advanceJournal(place.path, 'moving', 'done');
        return { result, kept: await settleMerge(place, target) };
    }
    catch (error) {
        await giveUp(place, target, error);
        throw error;
    }
}
/** Nothing may be removed with the workplace that the target still lacks. */
async function giveUp(place, target, error) {
    const state = await journalState(place.path);
    if (state === 'done')
        return;
    try {
        if (state === 'moving')
            await undoMerge(place, target);
        await removeWorkplace(place);
    }
    catch (undoing) {
        const reason = undoing instanceof Error ? undoing.message : String(undoing);
        throw new errors/* ComebackError */.U$('failed', `The restore failed, and could not be undone in ${target}: ${reason}`, {
            hint: `Remove the cause and restore again: that undoes it first. What was replaced so far is in ${place.path}/${FORMER}.`,
            cause: error,
        });
    }
}
function neededFolders() {
    const all = new Set();
    const declared = new Set();
    /** Those that something other than a folder goes into. */
    const filled = new Set();
    return {
        all,
        declared,
        filled,
        add({ path, kind }) {
            const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
            if (kind === 'folder')
                declared.add(path);
            else
                filled.add(parent);
            for (let next = kind === 'folder' ? path : parent; next !== '' && !all.has(next);) {
                all.add(next);
                next = next.includes('/') ? next.slice(0, next.lastIndexOf('/')) : '';
            }
        },
    };
}
/** From the top down. Throws for what would stop the moves halfway, as far as that shows. */
async function missingFolders(target, { all, filled }) {
    const device = (await presence_presence(target))?.dev;
    const missing = [];
    for (const path of [...all].sort()) {
        const folder = (0,external_node_path_.join)(target, path);
        const stats = await presence_presence(folder);
        if (stats === undefined)
            missing.push(path);
        else if (!stats.isDirectory())
            throw merge_inTheWay(folder);
        else if (stats.dev !== device) {
            throw new errors/* ComebackError */.U$('unsupported', `${folder} is on another disk than ${target}.`, {
                hint: 'Files are moved into place in one step, which needs one disk. Restore into a new folder and copy from there.',
            });
        }
        else if (filled.has(path))
            await writing(folder, () => (0,promises_.access)(folder, external_node_fs_.constants.W_OK | external_node_fs_.constants.X_OK));
    }
    return missing;
}
async function moveAll(place, options, signal) {
    const flight = createFlight(merge_IN_FLIGHT);
    try {
        for await (const entry of readJournal(place.path, 'moving')) {
            signal.throwIfAborted();
            if (entry.kind === 'file' || entry.kind === 'link')
                await flight.add(move(place, entry, options));
        }
        await flight.settle();
    }
    finally {
        await flight.land();
    }
}
async function move(place, { path }, { target, overwrite }) {
    const [from, to] = [(0,external_node_path_.join)(place.content, path), (0,external_node_path_.join)(target, path)];
    await writing(to, async () => {
        const parent = (0,external_node_path_.dirname)(to);
        if ((await presence_presence(parent))?.isDirectory() !== true)
            throw merge_inTheWay(parent);
        const there = await presence_presence(to);
        if (there === undefined)
            return await moveToNothing(from, to);
        if (there.isDirectory() || !overwrite)
            throw merge_inTheWay(to);
        const former = (0,external_node_path_.join)(place.path, FORMER, path);
        await (0,promises_.mkdir)((0,external_node_path_.dirname)(former), { recursive: true, mode: 0o700 });
        if (!there.isFile() || !(await linked(to, former)))
            await (0,promises_.rename)(to, former);
        await (0,promises_.rename)(from, to);
    });
}
/** A rename would go over what somebody has put there in the meantime; a hard link does not. */
async function moveToNothing(from, to) {
    if (await linked(from, to))
        await (0,promises_.unlink)(from);
    else
        await (0,promises_.rename)(from, to);
}
/** False where the file system, or a rule about others' files, has no hard links. */
async function linked(from, to) {
    try {
        await (0,promises_.link)(from, to);
        return true;
    }
    catch (error) {
        if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(systemCode(error) ?? ''))
            return false;
        throw error;
    }
}
function merge_inTheWay(path) {
    return new errors/* ComebackError */.U$('not-empty', `${path} has come into the way of the restore.`, {
        hint: 'The target is as it was. Restore when nothing else writes there.',
    });
}

;// CONCATENATED MODULE: ./build/files/restore-place.js
/**
 * How files come into the folder that they are restored into:
 *
 * - `new`: nothing is there, or an empty folder. It is made beside its place and renamed into it: it appears whole or not at all.
 * - `swap`: something is there, and a folder other than the working directory was named with `--overwrite`. It becomes exactly
 *   what the backup holds, by the same rename, and what it was is kept beside it. What the backup lacks would be gone from it,
 *   which needs the folder's name in `--confirm`.
 * - `merge`: the folder keeps what it holds, and files are added or, with `--overwrite`, replaced, all of them or none. Into the
 *   working directory, which is a whole project and must not be swapped away; and with `--include`, which asks for some files
 *   and not for a folder. Also where an empty folder cannot be replaced, as it is the root of a disk or another user's.
 *
 * Anything else would be a guess, and is refused.
 */








/** Throws `not-empty` or `permission` where none of the ways is open. */
async function findPlace({ directory: asked, cwd, overwrite, partial }) {
    const directory = await withoutLinks(asked);
    const stats = await presence_presence(directory);
    if (stats === undefined) {
        await mustBeWritable(await nearestFolder(directory), directory);
        return { way: 'new', directory, stats };
    }
    if (!stats.isDirectory()) {
        throw new errors/* ComebackError */.U$('not-empty', `${directory} is no folder.`, { hint: 'Restore into another folder.' });
    }
    await (0,promises_.access)(directory, external_node_fs_.constants.R_OK | external_node_fs_.constants.X_OK).catch((error) => {
        throw new errors/* ComebackError */.U$('permission', `Could not look into ${directory}: ${systemReason(error)}.`, {
            hint: 'Restore into another folder.',
            cause: error,
        });
    });
    const here = await withoutLinks(cwd);
    const holdsHere = here === directory || here.startsWith(directory.endsWith(external_node_path_.sep) ? directory : `${directory}${external_node_path_.sep}`);
    if (await isEmptyFolder(directory)) {
        const free = !holdsHere && (await isReplaceable(directory, stats));
        return { way: free ? 'new' : 'merge', directory, stats };
    }
    if (partial || holdsHere)
        return { way: 'merge', directory, stats };
    if (!overwrite) {
        throw new errors/* ComebackError */.U$('not-empty', `${directory} holds files already.`, {
            hint: 'Nothing was changed. Restore into a new folder. Or add --overwrite: then the folder becomes exactly what the backup holds, and what it was is kept beside it. To add or replace single files in it, name them with --include.',
        });
    }
    await mustBeWritable((0,external_node_path_.dirname)(directory), directory);
    if (await isRootOfDisk(directory, stats)) {
        throw new errors/* ComebackError */.U$('unsupported', `${directory} is the root of a disk, which nothing can be switched in for.`, {
            hint: `Restore from inside, file by file: cd ${directory}, and leave --into out.`,
        });
    }
    return { way: 'swap', directory, stats };
}
/** What a folder's name in `--confirm` has to be. */
function restore_place_nameOf(directory) {
    return (0,external_node_path_.basename)(directory);
}
async function isReplaceable(directory, stats) {
    if (!isOwnFolder(stats) || (await isRootOfDisk(directory, stats)))
        return false;
    return (0,promises_.access)((0,external_node_path_.dirname)(directory), external_node_fs_.constants.W_OK | external_node_fs_.constants.X_OK).then(() => true, () => false);
}
/** A mount point that is a folder of the same disk does not show here; renaming it is an error then. */
async function isRootOfDisk(directory, { dev }) {
    const parent = (0,external_node_path_.dirname)(directory);
    return parent === directory || (await (0,promises_.stat)(parent)).dev !== dev;
}
async function mustBeWritable(parent, directory) {
    await (0,promises_.access)(parent, external_node_fs_.constants.W_OK | external_node_fs_.constants.X_OK).catch((error) => {
        throw new errors/* ComebackError */.U$('permission', `${directory} cannot be made beside its place: ${parent} is not writable (${systemReason(error)}).`, {
            hint: `Restore into a folder elsewhere with --into, or let this user write to ${parent}.`,
            cause: error,
        });
    });
}
/** The path that the folder really has, or will have. */
async function withoutLinks(path) {
    try {
        return await (0,promises_.realpath)(path);
    }
    catch (error) {
        if (!isGone(error))
            throw unreachable(path, error);
        if ((await presence_presence(path))?.isSymbolicLink() === true)
            throw unreachable(path, error);
        return (0,external_node_path_.join)(await withoutLinks((0,external_node_path_.dirname)(path)), (0,external_node_path_.basename)(path));
    }
}
async function nearestFolder(path) {
    const parent = (0,external_node_path_.dirname)(path);
    const stats = await presence_presence(parent);
    if (stats === undefined)
        return nearestFolder(parent);
    if (stats.isDirectory())
        return parent;
    throw new errors/* ComebackError */.U$('not-empty', `${parent} is no folder.`, { hint: 'Restore into another folder.' });
}
function unreachable(path, error) {
    const code = systemCode(error) === 'EACCES' ? 'permission' : 'not-empty';
    return new errors/* ComebackError */.U$(code, `${path} cannot be restored into: ${systemReason(error)}.`, {
        hint: 'Restore into another folder.',
        cause: error,
    });
}

;// CONCATENATED MODULE: ./build/files/whole-folder.js






/** `make` fills the folder whose path it gets. If anything fails, the target is as it was. Returns where the former one is kept. */
async function switchInWhole({ target, stats, way, modes }, make, signal) {
    const madeParent = await writing(target, () => (0,promises_.mkdir)((0,external_node_path_.dirname)(target), { recursive: true }));
    let place;
    try {
        place = await makeWorkplace(target, 'beside', way === 'replace' ? stats?.ino : undefined);
        const { content } = place;
        await writing(content, () => (0,promises_.mkdir)(content, modes === 'private' ? 0o700 : 0o777));
        const result = await make(content);
        await likeFormer(content, stats, modes);
        await makeDurable(content, signal);
        signal.throwIfAborted();
        await switchIn(place, target, way);
        if (stats !== undefined && modes === 'kept')
            await writing(target, () => (0,promises_.chmod)(target, stats.mode & 0o7777));
        await removeWorkplace(place);
        return { result, kept: way === 'replace' ? place.kept : undefined };
    }
    catch (error) {
        if (place !== undefined)
            await removeWorkplace(place);
        if (madeParent !== undefined)
            await removeEmpty((0,external_node_path_.dirname)(target), madeParent);
        throw error;
    }
}
async function switchIn({ content, kept }, target, way) {
    // Should somebody have made something of that name, which is drawn at random: a folder goes over nothing but an empty one.
    if (way === 'replace')
        await writing(target, () => (0,promises_.rename)(target, kept));
    try {
        await writing(target, () => (0,promises_.rename)(content, target));
    }
    catch (error) {
        if (way === 'replace')
            await writing(target, () => (0,promises_.rename)(kept, target));
        throw error;
    }
    await flush((0,external_node_path_.dirname)(target));
}
/** After an interrupted restore: the target is what it was before it. Returns what was done, for people. */
async function repairBeside(leftover) {
    const { target, path, kept, content, process, former } = leftover;
    if (process !== undefined)
        throw stillRunning(leftover);
    const [there, before] = [await presence_presence(target), await presence_presence(kept)];
    const isFormer = before?.isDirectory() === true && before.ino === former;
    if (there === undefined && isFormer && (await presence_presence(content)) !== undefined) {
        await writing(target, () => (0,promises_.rename)(kept, target));
        await removeWorkplace(leftover);
        return `An earlier restore was interrupted as it replaced ${target}: what was there is there again.`;
    }
    await removeWorkplace(leftover);
    return `An earlier restore was interrupted; what it left in ${path} was removed.`;
}
async function leftoversBeside(target) {
    return (await findLeftovers(target)).filter(({ where }) => where === 'beside');
}
/** As the folder that it takes the place of: whoever works in it must still be able to. */
async function likeFormer(content, stats, modes) {
    if (stats === undefined)
        return;
    await writing(content, async () => {
        const now = await presence_presence(content);
        if (now !== undefined && (now.uid !== stats.uid || now.gid !== stats.gid))
            await (0,promises_.chown)(content, stats.uid, stats.gid);
        // A folder that its owner may not write to can't be moved into another one.
        if (modes === 'kept')
            await (0,promises_.chmod)(content, (stats.mode & 0o7777) | 0o200);
    });
}
/** The folders that were made on the way to the target, as far as they are still empty. */
async function removeEmpty(folder, first) {
    for (let next = folder; next.startsWith(first); next = (0,external_node_path_.dirname)(next)) {
        const gone = await (0,promises_.rmdir)(next).then(() => true, () => false);
        if (!gone)
            return;
    }
}

;// CONCATENATED MODULE: ./build/files/repair.js




/** Throws `failed` if another restore is under way there. */
async function repairAround(directory) {
    const problems = [];
    for (const leftover of await workplace_findLeftovers(await withoutLinks(directory))) {
        problems.push({ severity: 'warning', message: await repairLeftover(leftover) });
    }
    return problems;
}
async function repairLeftover(leftover) {
    return leftover.where === 'beside' ? repairBeside(leftover) : repairInside(leftover);
}
/** Changes nothing. */
async function willRepair(directory) {
    return (await workplace_findLeftovers(await withoutLinks(directory))).map(({ path, target }) => ({
        severity: 'warning',
        message: `An earlier restore into ${target} was interrupted, or is under way, in ${path}.`,
        hint: 'The restore itself, without --dry-run, first puts right what it left. This plan shows what is there now.',
    }));
}

;// CONCATENATED MODULE: ./build/files/new-file.js
/** Files that come into being without following anything that stands in their place: created exclusively. */



// Plain descriptors, and no thread for what is but a note about an open file: with thousands of small files, that is worth a
// factor of two.
const new_file_openFd = (0,external_node_util_.promisify)(external_node_fs_.open);
const writeFd = (0,external_node_util_.promisify)(external_node_fs_.write);
const closeFd = (0,external_node_util_.promisify)(external_node_fs_.close);
const CREATE = external_node_fs_.constants.O_WRONLY | external_node_fs_.constants.O_CREAT | external_node_fs_.constants.O_EXCL | external_node_fs_.constants.O_NOFOLLOW;
/** Until it is finished. */
const new_file_WORKING_MODE = 0o600;
async function createNewFile(path) {
    const fd = await new_file_openFd(path, CREATE, new_file_WORKING_MODE);
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
            const stats = (0,external_node_fs_.fstatSync)(fd);
            await closeOnce();
            return stats;
        },
        async discard() {
            await closeOnce();
            await (0,promises_.unlink)(path);
        },
    };
}

;// CONCATENATED MODULE: ./build/files/unpack.js










/** Files up to this size are written beside one another. */
const unpack_SMALL = 256 * sizes/* KiB */.ty;
/** Of them, at a time. */
const unpack_IN_FLIGHT = 16;
/** The archive must have been inspected. If this fails, finished files remain; half-written ones don't. */
async function unpackArchive(archive, options, signal) {
    const { directory, filter, record } = options;
    const closed = options.modes === 'private';
    const members = checkMembers();
    const folders = createTargetFolders(directory, closed ? 0o700 : 0o777);
    const flight = createFlight(unpack_IN_FLIGHT);
    const links = [];
    const leftOut = [];
    let files = 0;
    let bytes = 0;
    await writing(directory, () => (0,promises_.mkdir)(directory, { recursive: true, mode: closed ? 0o700 : 0o777 }));
    try {
        for await (const entry of readTar(archive)) {
            signal.throwIfAborted();
            const parts = members.check(entry);
            if (filter?.takes(parts, entry) === false)
                continue;
            const path = (0,external_node_path_.join)(directory, ...parts);
            const { kind, target, mtime, size } = entry;
            if (kind === 'folder') {
                const mode = closed ? 0o700 : entry.mode & KEPT_MODE;
                await folders.declare(parts, mode, mtime);
                if (parts.length > 0)
                    record?.({ path: parts.join('/'), kind, mode, mtime: mtime.getTime() });
            }
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
                    await writing(path, () => (0,promises_.link)(existing, path));
                    record?.(known(parts, 'file', await (0,promises_.lstat)(path)));
                }
                else if (size > unpack_SMALL)
                    await writeFile(path, parts, entry, entry.content, options, signal);
                else
                    await flight.add(writeFile(path, parts, entry, await gather(entry.content), options, signal));
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
            await (0,promises_.symlink)(target, path);
            await (0,promises_.lutimes)(path, mtime, mtime);
        });
        record?.(known(parts, 'link', await (0,promises_.lstat)(path)));
    }
    const made = record === undefined ? await folders.finish() : folders.count();
    return { files, folders: made, links: links.length, bytes, leftOut };
}
function known(parts, kind, { ino, size, mtimeMs }) {
    return { path: parts.join('/'), kind, ino, size, mtime: mtimeMs };
}
async function gather(content) {
    const parts = [];
    for await (const part of content)
        parts.push(part);
    return parts;
}
async function writeFile(path, parts, { mode, mtime }, content, { modes, advance, record }, signal) {
    const file = await writing(path, () => createNewFile(path));
    try {
        // What `content` throws is about the archive, and passes as it is.
        for await (const part of content) {
            signal.throwIfAborted();
            await writing(path, () => file.write(part));
            advance(part.length);
        }
        const stats = await writing(path, () => file.finish(modes === 'private' ? 0o600 : mode & 0o777, mtime));
        record?.(known(parts, 'file', stats));
    }
    catch (error) {
        await file.discard();
        throw error;
    }
}

;// CONCATENATED MODULE: ./build/files/extract.js
/**
 * Files as a Sink. The archive is read twice: by the look before the restore, only to see that it is harmless and that its place
 * is free, so that a refused restore changes nothing; the second time it is written, beside the target or in a workplace inside of it, and
 * takes its place only when all of it stands (`restore-place.ts` says how). What was there is kept until it is discarded.
 *
 * Modes and times come back, owners don't (they belong to a machine), and set-user-id bits don't (the owner is another one).
 * Links that lead out of the target are data of many applications (`current -> /srv/app/releases/7`), but made blindly they
 * would let whoever works in the restored folder write elsewhere. They are left out, and listed to be made by hand.
 */











/**
 * Throws `usage` for impossible globs. A restore throws `not-empty` if something would be replaced that may not be, `usage` if
 * a name must be confirmed, `not-found` if the globs name nothing, `unsafe-archive` for an archive that reaches out of the
 * folder, `damaged` for none at all. Whatever it throws, the target is as it was.
 */
function createFilesSink(options) {
    filterMembers(options.include);
    let seen;
    return {
        component: 'files',
        async inspect(backup, progress, signal) {
            progress.phase('Checking names');
            const look = await extract_lookAt(backup, options, signal);
            seen = { id: backup.id, ...look };
            return inspectFolder(look, options, signal);
        },
        restore: (backup, progress, signal) => restoreFiles(backup, options, seen, progress, signal),
    };
}
async function restoreFiles(backup, options, seen, progress, signal) {
    const repaired = await repairAround(options.directory);
    progress.phase('Checking names');
    // What stands in the target may be another thing now. What comes into the way of single files is met when they are moved.
    const look = await extract_lookAt(backup, options, signal, repaired.length > 0 ? undefined : seen);
    const refused = look.refused ?? extract_unconfirmed(look, options.confirm);
    if (refused !== undefined)
        throw refused;
    progress.phase('Writing files');
    const { place, filter } = look;
    const { directory, stats, way } = place;
    const common = {
        modes: 'kept',
        ...(filter === undefined ? {} : { filter }),
        advance: (bytes) => progress.advance(bytes),
    };
    const archive = () => archiveBytes(backup, signal);
    const { result: unpacked, kept } = way === 'merge'
        ? await mergeInto({ target: directory, overwrite: options.overwrite }, (content, record) => unpackArchive(archive(), { ...common, directory: content, record }, signal), signal)
        : await switchInWhole({ target: directory, stats, way: way === 'new' ? 'fill' : 'replace', modes: 'kept' }, content => unpackArchive(archive(), { ...common, directory: content }, signal), signal);
    return {
        summary: [`${summarize(unpacked)} restored into ${directory}`, ...keptLines(kept)],
        problems: [...repaired, ...leftOutProblems(unpacked), ...unmatchedProblems(filter)],
    };
}
async function extract_lookAt(backup, options, signal, seen) {
    const { include, overwrite, cwd } = options;
    const known = seen?.id === backup.id ? seen : undefined;
    const filter = include.length === 0 ? undefined : (known?.filter ?? filterMembers(include));
    const asked = { directory: options.directory, cwd, partial: filter !== undefined };
    let refused;
    const place = await findPlace({ ...asked, overwrite }).catch((error) => {
        if (!(error instanceof errors/* ComebackError */.U$))
            throw error;
        refused = error;
        return { way: 'new', directory: options.directory, stats: undefined };
    });
    const survey = known?.place.directory === place.directory
        ? known.survey
        : await surveyArchive(archiveBytes(backup, signal), { directory: place.directory, filter }, signal);
    if (filter !== undefined && filter.unmatched().length === include.length) {
        throw new errors/* ComebackError */.U$('not-found', `The backup ${backup.id} holds no file that matches ${include.join(', ')}.`, {
            hint: 'Patterns start where those of the backup did: uploads/2026, say. A name that begins with a dot must be written with its dot.',
        });
    }
    const none = { count: 0, names: [] };
    const lacking = place.way === 'swap' ? await existingFiles(place.directory, signal, survey.brings) : undefined;
    if (place.way === 'merge')
        refused ??= conflictOf(survey, place.directory, overwrite);
    const foreign = lacking === undefined ? none : { count: lacking.files, names: lacking.names };
    return { place, survey, filter, lacking: foreign, refused };
}
async function inspectFolder(look, options, signal) {
    const { place, survey, filter, lacking } = look;
    // Without any name, one is asked for.
    const refused = look.refused ?? (options.confirm === undefined ? undefined : extract_unconfirmed(look, options.confirm));
    const { conflicts, blocked } = survey;
    const { directory, way } = place;
    const replaced = options.overwrite ? conflicts.count - (way === 'merge' ? blocked.count : 0) : 0;
    const names = conflicts.names.filter(name => way !== 'merge' || !blocked.names.includes(name));
    return folderTarget(directory, survey, {
        way,
        kept: way === 'swap' ? `${restore_place_nameOf(directory)}.before-…, beside it` : `.comeback-before-…, in it`,
        needsConfirmation: lacking.count > 0,
        losses: [
            ...(replaced === 0 ? [] : [{ what: `${left_out_count(replaced, 'file')} as now there, replaced`, names }]),
            ...(lacking.count === 0
                ? []
                : [{ what: `${left_out_count(lacking.count, 'file')} that the backup lacks`, names: lacking.names }]),
        ],
        problems: [...(await willRepair(options.directory)), ...unmatchedProblems(filter)],
        refused,
        holds: await existingFiles(directory, signal),
    });
}
function extract_unconfirmed({ place: { directory }, lacking: { count: number, names } }, confirm) {
    const name = restore_place_nameOf(directory);
    if (number === 0 || confirm === name)
        return undefined;
    const more = number > names.length ? ` and ${number - names.length} more` : '';
    const hint = `To have it become exactly what the backup holds, add --confirm ${name}; what it was is kept beside it. To replace single files in it, name them with --include.`;
    const message = confirm === undefined
        ? `${directory} holds files that the backup lacks: ${names.join(', ')}${more}.`
        : `--confirm names ${JSON.stringify(confirm)}, but the folder that would be replaced is ${name}.`;
    return new errors/* ComebackError */.U$(confirm === undefined ? 'not-empty' : 'usage', message, { hint });
}
function unmatchedProblems(filter) {
    return (filter?.unmatched() ?? []).map(pattern => ({
        severity: 'warning',
        message: `The pattern ${pattern} names nothing in the backup.`,
        hint: 'Correct it, or drop it.',
    }));
}
function keptLines(kept) {
    if (kept === undefined)
        return [];
    return [
        `What was replaced is kept in ${kept}`,
        `When it is not needed any more: comeback restore files --discard ${kept}`,
    ];
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

;// CONCATENATED MODULE: ./build/config/compare-variables.js
/** The environment variables of a backup against those of the present environment. */



/** `now` holds what the patterns of the backup name in the present environment. */
function compareVariables(backedUp, environment, now) {
    const states = new Map();
    for (const [name, value] of backedUp) {
        const current = environment[name];
        states.set(name, current === undefined ? 'missing' : current === value ? 'equal' : 'different');
    }
    return { backedUp, states, added: [...now.keys()].filter(name => !backedUp.has(name)) };
}
const STATES = {
    equal: 'equal to the present environment',
    different: 'differs from the present environment',
    missing: 'missing from the present environment',
};
/**
 * The file of variables for review. Without values every line of it is a comment: a shell that reads it must not set
 * variables to nothing.
 */
function reviewText({ backedUp, states, added }, showValues) {
    const head = showValues
        ? ['# The environment variables of the backup, with their values: keep this file to yourself.']
        : [
            '# The environment variables of the backup. Their values are left out;',
            '# restored on a terminal with --show-values, they stand here.',
        ];
    const lines = [...states].flatMap(([name, state]) => showValues
        ? ['', `# ${name} ${STATES[state]}`, formatEnvironment(new Map([[name, backedUp.get(name) ?? '']])).trimEnd()]
        : [`# ${name} ${STATES[state]}`]);
    const more = added.length === 0 ? [] : ['', '# Set now, and not in the backup:', ...added.map(name => `# ${name}`)];
    return `${[...head, ...(showValues ? [] : ['']), ...lines, ...more].join('\n')}\n`;
}
/** For the diff: with values only where they may be shown, by name otherwise. */
function variablesPatch({ backedUp, states, added }, environment, showValues) {
    const differing = [...states].filter(([, state]) => state !== 'equal').map(([name]) => name);
    if (differing.length + added.length === 0)
        return '';
    if (!showValues)
        return [...differing, ...added].map(name => `Variables a/${name} and b/${name} differ\n`).join('');
    const names = [...[...states].filter(([, state]) => state !== 'missing').map(([name]) => name), ...added].sort();
    const now = new Map(names.map(name => [name, environment[name] ?? '']));
    return patchOfTexts(ENVIRONMENT_REVIEW, formatEnvironment(now), formatEnvironment(backedUp));
}

;// CONCATENATED MODULE: ./build/config/review.js
/**
 * Configuration as a Sink: never over the original, always into a review folder of its own, which only its owner can read,
 * with a diff from what stands now to what the backup holds. A person copies what should come back. The folder is made beside
 * its place and renamed into it, so that it appears whole or not at all.
 *
 * Values of environment variables are secrets more often than not. They reach the disk only where somebody who sits at a
 * terminal asks for them; otherwise the review says of each variable whether it equals what is set now.
 */

















/** Names in a line of the summary; the rest is counted. */
const review_NAMED = 20;
/**
 * Throws `not-empty` if the review folder holds anything, `usage` if it would be where originals are, otherwise as the files
 * Sink does.
 */
function createConfigSink(options) {
    return {
        component: 'config',
        inspect: (backup, progress, signal) => review_inspectFolder(backup, options, progress, signal),
        restore: (backup, progress, signal) => restoreForReview(backup, options, progress, signal),
    };
}
async function restoreForReview(backup, options, progress, signal) {
    const repaired = await repairAround(options.directory);
    progress.phase('Checking names');
    const { place, refused } = await review_lookAt(backup, options, signal);
    if (refused !== undefined)
        throw refused;
    progress.phase('Writing the review folder');
    const { directory, stats } = place;
    const { result } = await switchInWhole({ target: directory, stats, way: 'fill', modes: 'private' }, content => writeReview(backup, content, options, progress, signal), signal);
    const { unpacked, files, variables } = result;
    return {
        summary: [
            `Configuration restored for review into ${directory}; nothing else was touched`,
            ...summarizeFiles(files),
            ...(variables === undefined ? [] : summarizeVariables(variables, options.showValues)),
            `${REVIEW_FILE} there leads from what stands now to what the backup holds`,
        ],
        problems: [...repaired, ...leftOutProblems(unpacked)],
    };
}
async function writeReview(backup, directory, options, progress, signal) {
    const { environment, showValues } = options;
    const advance = (bytes) => progress.advance(bytes);
    const unpacking = { directory, modes: 'private', advance, filter: WITHOUT_VALUES };
    const unpacked = await unpackArchive(archiveBytes(backup, signal), unpacking, signal);
    progress.phase('Comparing with what stands now');
    const files = await compareFiles(directory, options, signal);
    const backedUp = await readVariables(archiveBytes(backup, signal));
    const now = () => selectVariables(patternsOf(backup.detail), environment).variables;
    const variables = backedUp === undefined ? undefined : compareVariables(backedUp, environment, now());
    const patches = [...files.values()].map(({ patch }) => patch);
    if (variables !== undefined) {
        patches.push(variablesPatch(variables, environment, showValues));
        await writePrivate((0,external_node_path_.join)(directory, ENVIRONMENT_REVIEW), reviewText(variables, showValues));
    }
    await writePrivate((0,external_node_path_.join)(directory, REVIEW_FILE), patches.join(''));
    return { unpacked, files, variables };
}
/** The archive has all values in one member, which must not reach the disk. */
const WITHOUT_VALUES = {
    takes: parts => parts.join('/') !== ENVIRONMENT_FILE,
    needs: () => false,
    unmatched: () => [],
};
async function writePrivate(file, text) {
    await writing(file, () => (0,promises_.writeFile)(file, text, { mode: 0o600, flag: 'wx' }));
}
async function review_lookAt(backup, options, signal) {
    const { directory, root } = options;
    let refused;
    const place = await findPlace({ directory, cwd: root, overwrite: false, partial: false }).catch((error) => {
        if (!(error instanceof errors/* ComebackError */.U$))
            throw error;
        refused = error.code === 'not-empty' ? noReview(directory) : error;
        return { way: 'new', directory, stats: undefined };
    });
    const { originals, filter } = watchOriginals(root);
    const survey = await surveyArchive(archiveBytes(backup, signal), { directory: place.directory, filter }, signal);
    refused ??= await overOriginals(place.directory, originals);
    if (place.way !== 'new')
        refused ??= noReview(place.directory);
    return { place, survey, refused };
}
function noReview(directory) {
    return new errors/* ComebackError */.U$('not-empty', `${directory} cannot become a review folder, as it is in use.`, {
        hint: 'Name a folder that is not there yet with --into.',
    });
}
/** Takes everything, and remembers the folders that the originals lie in. */
function watchOriginals(root) {
    const originals = new Set();
    const filter = {
        takes(parts, { kind }) {
            const [top, ...path] = parts;
            const origin = top === ROOT_FOLDER ? root : top === SYSTEM_FOLDER ? '/' : undefined;
            if (kind !== 'folder' && origin !== undefined)
                originals.add((0,external_node_path_.dirname)((0,external_node_path_.join)(origin, ...path)));
            return true;
        },
        needs: () => false,
        unmatched: () => [],
    };
    return { originals, filter };
}
/** An original may be missing, and its folder empty; a review folder in its place would be taken for it. */
async function overOriginals(directory, originals) {
    for (const original of originals) {
        const folder = await withoutLinks(original).catch(() => original);
        if (folder !== directory && !folder.startsWith(`${directory}${external_node_path_.sep}`))
            continue;
        return new errors/* ComebackError */.U$('usage', `${directory} is where originals of this configuration belong (${folder}).`, {
            hint: 'Configuration is restored for review only. Name a folder elsewhere with --into.',
        });
    }
    return undefined;
}
async function review_inspectFolder(backup, options, progress, signal) {
    progress.phase('Checking names');
    const { place, survey, refused } = await review_lookAt(backup, options, signal);
    return folderTarget(place.directory, survey, {
        way: 'new',
        losses: [],
        problems: await willRepair(options.directory),
        refused,
        holds: await existingFiles(place.directory, signal),
    });
}
/** By the paths of the originals. */
async function compareFiles(directory, { root }, signal) {
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
function summarizeVariables({ states, added }, showValues) {
    const named = (wanted) => [...states].filter(([, state]) => state === wanted).map(([name]) => name);
    return [
        ...line('Variables that differ now', named('different')),
        ...line('Variables that are missing now', named('missing')),
        ...line('Variables that are the same now', named('equal')),
        ...line('Variables that the backup lacks', added),
        showValues
            ? `${ENVIRONMENT_REVIEW} there holds the values of the variables: remove it when it has served`
            : `${ENVIRONMENT_REVIEW} there names the variables without values; --show-values, on a terminal, writes those too`,
    ];
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

;// CONCATENATED MODULE: ./build/files/discard.js
/** The end of what a restore kept of the former state, when it is not needed any more. */










/**
 * Removes a folder that a restore has kept, or puts right what an interrupted one left. Takes only names that restores give.
 * `confirm` has to be the folder's name. Returns lines for people. Throws `usage` for any other path or name, `not-found`.
 */
async function discardKept(path, confirm, signal) {
    const name = (0,external_node_path_.basename)(path);
    const own = ownName(name);
    if (own === undefined) {
        throw new errors/* ComebackError */.U$('usage', `${path} is nothing that a restore of files has kept.`, {
            hint: 'Such a folder is called NAME.before-TIME-ID or .comeback-before-TIME-ID; the restore named it.',
        });
    }
    const folder = (0,external_node_path_.join)(await discard_parentOf(path), name);
    const stats = await presence_presence(folder);
    if (stats === undefined)
        throw new errors/* ComebackError */.U$('not-found', `There is no ${folder}.`);
    if (!stats.isDirectory()) {
        throw new errors/* ComebackError */.U$('usage', `${folder} is no folder, so no restore has kept it.`, {
            hint: 'Look at it yourself.',
        });
    }
    if (own.kind === 'restoring')
        return [await putRight(folder, own)];
    const { files, more } = await existingFiles(folder, signal);
    const holds = `${files.toLocaleString('en-US')}${more ? ' or more' : ''} file${files === 1 ? '' : 's'}`;
    if (confirm !== name) {
        const message = confirm === undefined
            ? `${folder} holds ${holds}, which would be gone for good.`
            : `--confirm names ${JSON.stringify(confirm)}, but what would be removed is ${name}.`;
        throw new errors/* ComebackError */.U$('usage', message, { hint: `To remove it, add --confirm ${name}.` });
    }
    await writing(folder, () => removeTree(folder));
    return [`${folder} was removed, with ${holds}`];
}
async function putRight(folder, { where, target, id }) {
    const parent = (0,external_node_path_.dirname)(folder);
    const leftover = await readLeftover(where === 'inside' ? parent : (0,external_node_path_.join)(parent, target), where, id);
    if (leftover !== undefined)
        return repairLeftover(leftover);
    throw new errors/* ComebackError */.U$('permission', `${folder} is the work of another user's restore.`, {
        hint: 'Let that user discard it.',
    });
}
async function discard_parentOf(path) {
    const parent = (0,external_node_path_.dirname)(path);
    try {
        return await (0,promises_.realpath)(parent);
    }
    catch (error) {
        const code = isGone(error) ? 'not-found' : 'permission';
        throw new errors/* ComebackError */.U$(code, `Could not look into ${parent}: ${systemReason(error)}.`, { cause: error });
    }
}

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
/** The same server and role, another database. */
function inDatabase(text, database) {
    const url = parse(text);
    url.searchParams.delete('dbname');
    url.pathname = `/${encodeURIComponent(database)}`;
    // Who asks is the database's name where the URL names nobody, and must not change with it.
    if (!url.searchParams.has('user') && url.username === '')
        url.searchParams.set('user', parseDatabaseUrl(text).user);
    return url.href;
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
/** `out of shared memory`: the table of locks, which has a fixed size, is full. */
function isOutOfLocks(error) {
    return sqlStateOf(error) === '53200';
}
/** The server, the database or the role has as many connections as it may have. */
function isFull(error) {
    return sqlStateOf(error) === '53300';
}
/** A table or a schema is not there. */
function isUndefinedRelation(error) {
    return ['42P01', '3F000'].includes(sqlStateOf(error));
}

;// CONCATENATED MODULE: ./build/postgres/schema/name-pattern.js
/**
 * Patterns that name tables and schemas, as pg_dump reads them: `table`, `schema.table`, `*`, `?`, folded to lower case unless
 * quoted.
 */

/** Throws `usage` on a quote that is never closed or on more parts than schema and table. */
function parseTablePattern(pattern) {
    const [name, schema, ...more] = parts(pattern)?.toReversed() ?? [];
    if (name === undefined || more.length > 0) {
        throw new errors/* ComebackError */.U$('usage', `The pattern ${pattern} names no table.`, {
            hint: 'Write table or schema.table; * and ? stand for any characters, double quotes keep capitals and dots.',
        });
    }
    return { pattern, schema, name };
}
/** Throws `usage` on a quote that is never closed or on more than one part. */
function parseSchemaPattern(pattern) {
    const [name, ...more] = parts(pattern) ?? [];
    if (name === undefined || more.length > 0) {
        throw new errors/* ComebackError */.U$('usage', `The pattern ${pattern} names no schema.`, {
            hint: 'Write a schema alone; * and ? stand for any characters, double quotes keep capitals and dots.',
        });
    }
    return { pattern, schema: undefined, name };
}
/** Undefined if a part is empty or a quote is never closed. */
function parts(pattern) {
    const sources = [''];
    let isQuoted = false;
    for (let at = 0; at < pattern.length; at++) {
        const character = pattern.charAt(at);
        if (character === '"' && isQuoted && pattern[at + 1] === '"') {
            at++;
            name_pattern_append(sources, '"');
        }
        else if (character === '"')
            isQuoted = !isQuoted;
        else if (isQuoted)
            name_pattern_append(sources, literal(character));
        else if (character === '.')
            sources.push('');
        else if (character === '*')
            name_pattern_append(sources, '.*');
        else if (character === '?')
            name_pattern_append(sources, '.');
        else
            name_pattern_append(sources, literal(character.toLowerCase()));
    }
    if (isQuoted || sources.includes(''))
        return undefined;
    return sources.map(source => new RegExp(`^${source}$`, 's'));
}
function name_pattern_append(sources, text) {
    sources.push(`${sources.pop() ?? ''}${text}`);
}
function literal(character) {
    return character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
}

;// CONCATENATED MODULE: ./build/postgres/dump/exclusion.js

/** Throws `usage` on a quote that is never closed or on more parts than schema and table. */
function parseExclusion(pattern) {
    const { schema, name } = parseTablePattern(pattern);
    return {
        pattern,
        matches: table => (schema === undefined ? table.visible : schema.test(table.schema)) && name.test(table.name),
    };
}
/** Oids of the tables that match, and of all partitions below them. */
function excludedOids(tables, exclusions) {
    const matched = new Set(tables.filter(table => exclusions.some(one => one.matches(table))).map(table => table.oid));
    return new Set(tables.filter(table => [table.oid, ...table.ancestors].some(oid => matched.has(oid))).map(table => table.oid));
}

;// CONCATENATED MODULE: ./build/postgres/connection/session.js
const session_TRANSACTION_TIMEOUT = 170_000;
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
        ...(connection.serverVersion >= session_TRANSACTION_TIMEOUT ? { transaction_timeout: '0' } : {}),
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






/** How often one reading is begun before its losses of connection are believed. */
const lanes_ATTEMPTS = 5;
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
            const session = __addDisposableResource(env_1, new LaneSession(options), true);
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
            const result_1 = __disposeResources(env_1);
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
            if (attempt === lanes_ATTEMPTS || !isConnectionLoss(failure.error)) {
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
const plan_COPY_END = '\\.\n\n';
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
const PARAMETERS = [
    'server_version',
    'server_encoding',
    'client_encoding',
    'standard_conforming_strings',
    // Without it pg_dump leaves subscriptions out.
    'is_superuser',
];
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
const pg_dump_DUMP_END = '-- PostgreSQL database dump complete\n--\n';
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
    if (!whole.subarray(-pg_dump_DUMP_END.length - 2).includes(pg_dump_DUMP_END)) {
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
const preflight_NAMES_SHOWN = 20;
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
    const more = names.length - preflight_NAMES_SHOWN;
    return more > 0 ? `${names.slice(0, preflight_NAMES_SHOWN).join(', ')} and ${more} more` : names.join(', ');
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
    return values.map(sequences_setval).join('');
}
function sequences_setval(value) {
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
                        found = await dump_check(connection, tables, options, exclusions, () => connect(connectOptions()));
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
async function dump_check(connection, tables, options, exclusions, open) {
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
        await context.out.segment({ name: 'sequence values', group: '99-schema', detail }, dump_once(Buffer.from(sequences)));
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
    await out.segment({ name: `schema, ${section}`, group, detail: { kind: 'schema', section, entries } }, dump_once(text));
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
            tail: plan_COPY_END.length,
            from,
            to,
            rows,
        },
        before,
        queries: [copyQuery(piece)],
        after: plan_COPY_END,
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
async function* dump_once(bytes) {
    if (bytes.length > 0)
        yield bytes;
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
    // A database may be closed to writing, which the restore of it is not meant to obey.
    default_transaction_read_only: 'off',
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

;// CONCATENATED MODULE: ./build/postgres/restore/swap/database-names.js
/**
 * Names of the databases that a swap makes beside the one that it restores: `shop_restoring_7f3a91` while it is filled, and
 * `shop_before_20261123T020000Z-7f3a91` for the old one, by the backup that took its place. By these names alone they are
 * known again, and only what bears one is ever dropped on request.
 */

/** Bytes of a name; the server cuts longer ones off without a word. */
const NAME_LIMIT = 63;
const RANDOM_BYTES = 3;
const database_names_ID = /^\d{8}T\d{6}Z-[0-9a-f]{6}$/;
const KEPT = /_before_\d{8}T\d{6}Z-[0-9a-f]{6}(?:-\d{1,3})?$/;
const RESTORING = /_restoring_[0-9a-f]{6}$/;
function restoringName(database, random = external_node_crypto_.randomBytes) {
    return withSuffix(database, `_restoring_${Buffer.from(random(RANDOM_BYTES)).toString('hex')}`);
}
/** Backups of other origin have ids of their own; the moment stands for them. A number follows where the same backup has been swapped in before. */
function keptName(database, backupId, taken, now = new Date(), random = external_node_crypto_.randomBytes) {
    const stamp = `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z-${Buffer.from(random(RANDOM_BYTES)).toString('hex')}`;
    const id = database_names_ID.test(backupId) ? backupId : stamp;
    for (let attempt = 1;; attempt++) {
        const name = withSuffix(database, `_before_${id}${attempt === 1 ? '' : `-${attempt}`}`);
        if (!taken.has(name))
            return name;
    }
}
/** Whether a swap made the name, so that the database may be discarded. */
function isDiscardable(name) {
    return KEPT.test(name) || RESTORING.test(name);
}
/** What swaps of this database have left behind, among all names of the server. */
function leftoversOf(database, names) {
    const belongs = (name, pattern) => {
        const suffix = pattern.exec(name)?.[0];
        return suffix !== undefined && name === withSuffix(database, suffix);
    };
    return {
        kept: names.filter(name => belongs(name, KEPT)),
        restoring: names.filter(name => belongs(name, RESTORING)),
    };
}
/** The suffix stays whole: it tells what the database is. */
function withSuffix(database, suffix) {
    const room = NAME_LIMIT - Buffer.byteLength(suffix);
    let cut = database;
    while (Buffer.byteLength(cut) > room)
        cut = [...cut].slice(0, -1).join('');
    return `${cut}${suffix}`;
}

;// CONCATENATED MODULE: ./build/postgres/restore/swap/sessions.js
/** Who is connected to a database: nobody may be when it is renamed. */

/** Sessions that a message names. */
const sessions_NAMED = 5;
/** Milliseconds. */
const PAUSE = 250;
/** Autovacuum, which gives way by itself, has no role. */
const SESSIONS = `
  SELECT a.pid, a.usename AS role, a.application_name AS application, pg_catalog.host(a.client_addr) AS address,
         CASE WHEN r.rolsuper THEN me.rolsuper
              ELSE pg_catalog.pg_has_role(r.oid, 'USAGE') OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') END AS "mayEnd"
    FROM pg_catalog.pg_stat_activity a
    JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
    JOIN pg_catalog.pg_roles me ON me.rolname = current_user
   WHERE a.datname = ANY($1) AND a.pid <> pg_catalog.pg_backend_pid()
   ORDER BY a.pid`;
const PREPARED = 'SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = ANY($1) ORDER BY gid';
const END = `
  SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a
   WHERE a.pid = ANY($1) AND a.datname = ANY($2)`;
async function sessionsOf(connection, databases) {
    return await connection.query(SESSIONS, [databases]);
}
/** Waits until there is none, `limit` milliseconds at most; returns those that are left. */
async function sessionsAfter(connection, database, limit, signal) {
    for (const started = performance.now();;) {
        const left = await sessionsOf(connection, [database]);
        if (left.length === 0 || performance.now() - started >= limit)
            return left;
        await (0,external_node_timers_promises_.setTimeout)(PAUSE, undefined, { signal });
    }
}
/** Ends those that the role may end, again and again, for clients come back at once, until the signal says that it is enough. */
async function keepEnding(connection, databases, enough) {
    while (!enough.aborted) {
        const pids = (await sessionsOf(connection, databases)).filter(({ mayEnd }) => mayEnd).map(({ pid }) => pid);
        if (pids.length > 0)
            await connection.query(END, [pids, databases]);
        await (0,external_node_timers_promises_.setTimeout)(PAUSE, undefined, { signal: enough }).catch(() => enough.aborted);
    }
}
/** Names of prepared transactions, which count like sessions and outlive them. */
async function preparedIn(connection, databases) {
    const rows = await connection.query(PREPARED, [databases]);
    return rows.map(({ gid }) => gid);
}
/** `2 sessions use shop: pid 617 (role web, puma, from 10.0.0.7), …`. */
function describeSessions(sessions, database) {
    const named = sessions.slice(0, sessions_NAMED).map(({ pid, role, application, address }) => {
        const about = [
            `role ${role}`,
            ...(application === '' ? [] : [application]),
            ...(address === null ? [] : [`from ${address}`]),
        ];
        return `pid ${pid} (${about.join(', ')})`;
    });
    const more = sessions.length > sessions_NAMED ? ` and ${sessions.length - sessions_NAMED} more` : '';
    const uses = sessions.length === 1 ? '1 session uses' : `${sessions.length} sessions use`;
    return `${uses} ${database}: ${named.join(', ')}${more}.`;
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
       AND ($1::text[] IS NULL OR n.nspname = ANY($1))
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
/** Undefined if the target is empty; of some schemas alone, if they are given (large objects are in none, and counted). */
async function inspectTarget(connection, schemas) {
    const rows = await connection.query(CONTENTS, [schemas ?? null]);
    if (rows.length === 0)
        return undefined;
    const named = rows.map(({ kind, examples: some }) => ({
        kind,
        names: (some ?? []).map(({ schema, name }) => (schema === '' ? `${kind} ${name}` : displayName({ schema, name }))),
    }));
    const examples = named.flatMap(({ names }) => names);
    return {
        tables: Number(rows.find(row => row.kind === 'table')?.count ?? 0),
        counts: Object.fromEntries(rows.map(row => [row.kind, Number(row.count)])),
        examples: examples.slice(0, EXAMPLES),
        namesOf: Object.fromEntries(named.map(({ kind, names }) => [kind, names])),
    };
}
/** As the server has it: a pooler may know the database under another name. */
async function databaseName(connection) {
    const [row] = await connection.query('SELECT pg_catalog.current_database() AS name');
    return row?.name ?? '';
}
/** `3 tables (public.a, public.b, public.c)`. */
function describeContents({ counts, examples }) {
    const numbers = Object.entries(counts).map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`);
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return `${numbers.join(', ')} (${examples.join(', ')}${total > examples.length ? ', …' : ''})`;
}

;// CONCATENATED MODULE: ./build/postgres/restore/discard-database.js
/** The end of what a swap kept, or a killed one left, when it is not needed any more. */








const IN_USE = '55006';
const FACTS = `
  SELECT pg_catalog.pg_get_userbyid(datdba) AS owner, pg_catalog.pg_has_role(datdba, 'USAGE') AS ours,
         CASE WHEN pg_catalog.has_database_privilege(oid, 'CONNECT')
              THEN pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(oid)) END AS size
    FROM pg_catalog.pg_database WHERE datname = $1`;
const NAMES = 'SELECT datname AS name FROM pg_catalog.pg_database ORDER BY 1';
/**
 * Drops a database that bears one of the names that swaps give, and no other. The URL is that of the database itself, or of
 * another one of the same server. Returns lines for people. Throws `usage`, `not-found`, `permission`, `timeout` if somebody
 * is connected.
 */
async function discardDatabase(options, name, confirm, signal) {
    if (!isDiscardable(name)) {
        throw new errors/* ComebackError */.U$('usage', `The database ${JSON.stringify(name)} is none that a restore has kept.`, {
            hint: 'Such a database is called NAME_before_ID, or NAME_restoring_… after a restore that was killed.',
        });
    }
    const sessions = restoreSessions(options, signal);
    try {
        const connection = await sessions.open();
        const current = await databaseName(connection);
        if (current === name) {
            throw new errors/* ComebackError */.U$('usage', `${name} is the very database that the URL names.`, {
                hint: 'Nothing was dropped. Give the URL of the database that took its place.',
            });
        }
        const [facts] = await connection.query(FACTS, [name]);
        if (facts === undefined) {
            const names = await connection.query(NAMES);
            throw absent(name, connection.description, current, names.map(one => one.name));
        }
        refuseUnconfirmed(name, confirm, facts);
        try {
            await connection.query(`DROP DATABASE ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name)}${options.endSessions ? ' WITH (FORCE)' : ''}`);
        }
        catch (error) {
            if (sqlStateOf(error) !== IN_USE)
                throw serverError(error, `Dropping the database ${name}`);
            throw new errors/* ComebackError */.U$('timeout', `The database ${name} is in use. ${describeSessions(await sessionsOf(connection, [name]), name)}`, { hint: 'A restore may be filling it. Wait until they have gone, or use --end-sessions.', cause: error });
        }
        return [`The database ${name} was dropped${facts.size === null ? '' : `, which held ${facts.size}`}.`];
    }
    finally {
        await sessions.close();
    }
}
function refuseUnconfirmed(name, confirm, { owner, ours, size }) {
    if (!ours) {
        throw new errors/* ComebackError */.U$('permission', `The database ${name} belongs to ${owner}, who alone may drop it.`, {
            hint: 'Use the URL of that role.',
        });
    }
    if (confirm === name)
        return;
    const message = confirm === undefined
        ? `The database ${name}${size === null ? '' : ` with its ${size}`} would be gone for good.`
        : `--confirm names ${JSON.stringify(confirm)}, but what would be dropped is ${name}.`;
    throw new errors/* ComebackError */.U$('usage', message, { hint: `To drop it, add --confirm ${name}.` });
}
function absent(name, place, current, names) {
    const { kept, restoring } = leftoversOf(current, names);
    const there = [...kept, ...restoring];
    return new errors/* ComebackError */.U$('not-found', `There is no database ${name} on the server of ${place}.`, {
        hint: there.length === 0 ? 'Nothing is left of earlier restores of this one.' : `There is: ${there.join(', ')}.`,
    });
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

;// CONCATENATED MODULE: ./build/postgres/restore/consent.js
/** Whether the restore may do what it would do to the target: which mode, and whether somebody has said so. */


/** Throws `not-empty` for a target that the mode cannot take. */
function chooseMode({ mode }, { description, contents }) {
    if (contents === undefined)
        return mode ?? 'parallel';
    if (mode !== 'parallel')
        return mode ?? 'atomic';
    throw new errors/* ComebackError */.U$('not-empty', `${description} is not empty: it holds ${describeContents(contents)}.`, {
        hint: 'Use --mode atomic and --confirm NAME, with the name of the database, to replace all of it in one transaction, --mode swap to put a new database in its place and keep this one, or restore into an empty database.',
    });
}
/**
 * Throws `usage` for another name than the target's, be the target empty or not: whoever typed it meant another database.
 */
function refuseOtherName({ confirm }, { description, database }) {
    if (confirm === undefined || confirm === database)
        return;
    throw new errors/* ComebackError */.U$('usage', `The restore would go into the database ${JSON.stringify(database)} (${description}), and ${JSON.stringify(confirm)} was confirmed.`, {
        hint: 'Nothing was changed. Correct the URL of the target, or give the name of this database to --confirm NAME.',
    });
}
function needsConfirmation({ contents }) {
    return contents !== undefined;
}
/** Throws `not-empty` where something would be replaced that nobody has named. */
function consent_refuseUnconfirmed({ confirm }, target) {
    if (confirm !== undefined || !needsConfirmation(target) || target.contents === undefined)
        return;
    throw new errors/* ComebackError */.U$('not-empty', `${target.description} holds ${describeContents(target.contents)}, which the restore would replace.`, {
        hint: `Nothing was changed. Confirm the database by its name, ${JSON.stringify(target.database)}, with --confirm NAME. --dry-run shows what would be lost.`,
    });
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
const ON_INDEX = new RegExp(`^CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?${NAME} ON (?:ONLY )?${QUALIFIED_NAME} USING`);
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

;// CONCATENATED MODULE: ./build/postgres/restore/entry-subject.js


/** Anything but the inside of a quoted name, which may hold what looks like a keyword. */
const WORDS = '(?:[^"]|"(?:[^"]|"")*")*?';
const ON = `${WORDS} ON (?:ONLY )?`;
const pattern = (source) => new RegExp(`^${source}`, 's');
/** Each captures a schema and a name, last of all its captures. */
const ABOUT = [
    pattern(`CREATE (?:OR REPLACE |UNLOGGED |FOREIGN |MATERIALIZED |RECURSIVE )*(?:TABLE|VIEW|SEQUENCE) (?:IF NOT EXISTS )?${QUALIFIED_NAME}`),
    pattern(`ALTER (?:FOREIGN )?TABLE (?:ONLY )?${QUALIFIED_NAME} ATTACH PARTITION ${QUALIFIED_NAME}`),
    pattern(`ALTER INDEX ${QUALIFIED_NAME} ATTACH PARTITION ${QUALIFIED_NAME}`),
    pattern(`ALTER (?:FOREIGN TABLE|TABLE|MATERIALIZED VIEW|VIEW|SEQUENCE|INDEX) (?:IF EXISTS )?(?:ONLY )?${QUALIFIED_NAME}`),
    pattern(`CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?${NAME} ON (?:ONLY )?${QUALIFIED_NAME}`),
    pattern(`CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER ${ON}${QUALIFIED_NAME}`),
    pattern(String.raw `CREATE (?:OR REPLACE )?RULE ${NAME} AS\s+ON [A-Z]+ TO ${QUALIFIED_NAME}`),
    pattern(`CREATE POLICY ${NAME} ON ${QUALIFIED_NAME}`),
    pattern(`(?:COMMENT|SECURITY LABEL FOR ${NAME}) ON COLUMN ${NAME}\\.${NAME}\\.`),
    pattern(`(?:COMMENT|SECURITY LABEL FOR ${NAME}) ON (?:FOREIGN TABLE|TABLE|MATERIALIZED VIEW|VIEW|SEQUENCE|INDEX) ${QUALIFIED_NAME} IS`),
    pattern(`COMMENT ON (?:CONSTRAINT|TRIGGER|RULE|POLICY) ${NAME} ON ${QUALIFIED_NAME} IS`),
    pattern(`(?:GRANT|REVOKE) ${ON}(?:TABLE|SEQUENCE) ${QUALIFIED_NAME} (?:TO|FROM)`),
    pattern(`ALTER PUBLICATION ${NAME} ADD TABLE (?:ONLY )?${QUALIFIED_NAME}`),
    pattern(`REFRESH MATERIALIZED VIEW ${QUALIFIED_NAME}`),
];
const STATISTICS = pattern(`(?:CREATE|ALTER|COMMENT ON) STATISTICS ${QUALIFIED_NAME}`);
/** Undefined for what is about no relation: a function, a type, a schema. */
function subjectOf({ statements }) {
    for (const sql of statements) {
        const statistics = STATISTICS.exec(sql);
        if (statistics !== null)
            return subject('statistics', relationIn(statistics, 1));
        for (const about of ABOUT) {
            const match = about.exec(sql);
            if (match === null)
                continue;
            const found = subject('relation', relationIn(match, match.length - 2));
            if (found !== undefined)
                return found;
        }
    }
    return undefined;
}
const OWNED_BY = pattern(`ALTER SEQUENCE ${QUALIFIED_NAME} OWNED BY ${NAME}\\.${NAME}\\.`);
const IDENTITY = pattern(String.raw `ALTER TABLE ${QUALIFIED_NAME} ${WORDS} AS IDENTITY \(\s*SEQUENCE NAME ${QUALIFIED_NAME}`);
const entry_subject_INDEX = pattern(`CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?${NAME} ON (?:ONLY )?${QUALIFIED_NAME}`);
const KEY = pattern(String.raw `ALTER TABLE (?:ONLY )?${QUALIFIED_NAME}\s+ADD CONSTRAINT ${NAME} (?:PRIMARY KEY|UNIQUE|EXCLUDE)`);
const ATTACHED = pattern(`ALTER (?:FOREIGN )?TABLE (?:ONLY )?${QUALIFIED_NAME} ATTACH PARTITION ${QUALIFIED_NAME}`);
const STATISTICS_OF = pattern(`CREATE STATISTICS ${QUALIFIED_NAME} ${WORDS} FROM ${QUALIFIED_NAME}$`);
/** What an entry says of relations that belong to another one. */
function membershipOf({ entry, statements }) {
    for (const sql of statements) {
        const owned = OWNED_BY.exec(sql);
        if (owned !== null)
            return membership(relationIn(owned, 1), relationIn(owned, 3));
        const identity = IDENTITY.exec(sql);
        if (identity !== null)
            return membership(relationIn(identity, 3), relationIn(identity, 1));
        const index = entry_subject_INDEX.exec(sql) ?? KEY.exec(sql);
        if (index !== null) {
            const isIndex = entry.type === 'INDEX';
            const of = relationIn(index, isIndex ? 2 : 1);
            const name = index[isIndex ? 1 : 3];
            return membership(of && name ? { schema: of.schema, name: unquoted(name) } : undefined, of);
        }
        const attached = ATTACHED.exec(sql);
        if (attached !== null)
            return membership(relationIn(attached, 3), relationIn(attached, 1));
        const statistics = STATISTICS_OF.exec(sql);
        if (statistics !== null)
            return membership(relationIn(statistics, 1), relationIn(statistics, 3), 'statistics');
    }
    return undefined;
}
function entry_subject_keyOf({ schema, name, kind }) {
    return `${kind === 'statistics' ? 'statistics ' : ''}${tableKey(schema, name)}`;
}
function membership(part, of, kind = 'relation') {
    return part === undefined || of === undefined
        ? undefined
        : { part: { ...part, kind }, of: { ...of, kind: 'relation' } };
}
function subject(kind, relation) {
    return relation === undefined ? undefined : { ...relation, kind };
}
function relationIn(match, first) {
    const [schema, name] = [match[first], match[first + 1]];
    return schema === undefined || name === undefined ? undefined : { schema: unquoted(schema), name: unquoted(name) };
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
    /** It and the two locales are empty in what was read from a dump, which does not tell. */
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
const restore_plan_SCHEMA_LIMIT = 1024 * sizes/* MiB */.lv;
/** Reads the schema (not the rows) and sorts. Throws `damaged` if the details make no sense. */
async function restore_plan_planRestore(backup, progress, signal) {
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
    if (segment.bytes > restore_plan_SCHEMA_LIMIT) {
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
        const own = group.every(({ detail }) => detail.rows === 'own' && restore_plan_isSame(detail.table, detail.into));
        return {
            into: first.detail.into,
            own,
            // A root's partitions keep the order in which they were read.
            ranges: own ? group.toSorted((a, b) => a.detail.from - b.detail.from) : group,
            bytes: group.reduce((sum, { segment }) => sum + segment.bytes, 0),
        };
    });
}
function restore_plan_isSame(a, b) {
    return a.schema === b.schema && a.name === b.name;
}

;// CONCATENATED MODULE: ./build/postgres/restore/sequence-values.js

const sequence_values_SETVAL = /^SELECT pg_catalog\.setval\((E?)'((?:[^'\\]|''|\\.)*)', /s;
const WHOLE_NAME = new RegExp(`^${QUALIFIED_NAME}$`, 's');
const sequence_values_ESCAPES = { n: '\n', r: '\r', t: '\t' };
/** Undefined for any other statement. */
function sequenceIn(statement) {
    const [, escaped, literal] = sequence_values_SETVAL.exec(statement) ?? [];
    if (literal === undefined)
        return undefined;
    const plain = literal.replaceAll("''", "'");
    const text = escaped === 'E' ? plain.replace(/\\(.)/gs, (_, letter) => sequence_values_ESCAPES[letter] ?? letter) : plain;
    const [, schema, name] = WHOLE_NAME.exec(text) ?? [];
    return schema === undefined || name === undefined ? undefined : { schema: unquoted(schema), name: unquoted(name) };
}

;// CONCATENATED MODULE: ./build/postgres/restore/selection.js
/**
 * Which part of a backup a person asked for. A chosen table brings along what is a part of it: its partitions, the sequences
 * that its columns own, defaults, indexes, constraints, triggers, rules, policies, statistics, comments, grants, its place in
 * publications. A chosen schema brings along everything in it. What else they need (types, functions, other tables) is not
 * followed: `needs.ts` says what of it the target lacks.
 */






/** Names that a message lists. */
const selection_NAMED = 10;
/** A table, as pg_dump's `-t` understands it. */
const RELATION_TYPES = ['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE'];
const ABOUT_SCHEMA = new RegExp(`^(?:CREATE|ALTER|COMMENT ON) SCHEMA ${NAME}|^(?:GRANT|REVOKE) [A-Z, ]+ ON SCHEMA ${NAME} `);
/** Throws `usage` for a malformed pattern, and for two options that exclude each other. */
function parseSelection(options) {
    if (options?.schemaOnly && options.dataOnly) {
        throw new errors/* ComebackError */.U$('usage', 'A restore of the structure alone and of the rows alone at once is nothing.', {
            hint: 'Leave out --schema-only and --data-only to restore both.',
        });
    }
    return {
        tables: (options?.tables ?? []).map(parseTablePattern),
        schemas: (options?.schemas ?? []).map(parseSchemaPattern),
        what: options?.schemaOnly ? 'schema' : options?.dataOnly ? 'data' : 'all',
    };
}
/** Throws `usage` if a pattern matches nothing, or rows are asked for which the backup doesn't hold. */
function choose(plan, selection) {
    const { tables, schemas, what } = selection;
    if (what === 'data' && plan.detail.schemaOnly) {
        throw new errors/* ComebackError */.U$('usage', 'The backup is schema-only: it has no rows that --data-only could restore.', {
            hint: 'Choose a backup that was made with its rows.',
        });
    }
    const isPart = tables.length > 0 || schemas.length > 0;
    if (!isPart) {
        // Rows alone go by the tables, all the rest by the entries.
        const relations = what === 'data' ? relationsOf(plan) : new Map();
        return { plan: reduced(plan, what), isPart, what, relations, schemas: plan.detail.schemas };
    }
    const known = relationsOf(plan);
    const chosenSchemas = matching(plan.detail.schemas, schemas);
    const relations = chosenRelations(known, tables, new Set(chosenSchemas));
    const part = partOf(plan, relations, new Set(chosenSchemas));
    return { plan: reduced(part, what), isPart, what, relations, schemas: chosenSchemas };
}
/** `tables a, b*; schemas c; rows alone`. */
function selectionText({ tables, schemas, what }) {
    const named = (noun, patterns) => patterns.length === 0 ? [] : [`${noun} ${patterns.map(({ pattern }) => pattern).join(', ')}`];
    const how = { all: [], schema: ['structure without rows'], data: ['rows alone'] }[what];
    return [...named('tables', tables), ...named('schemas', schemas), ...how].join('; ');
}
/** Drops the statements that set other sequences; undefined where all are wanted. */
function onlyChosenSequences({ relations, isPart }) {
    if (!isPart)
        return undefined;
    return statement => {
        const sequence = sequenceIn(statement);
        return sequence === undefined || relations.has(entry_subject_keyOf(sequence)) ? [statement] : [];
    };
}
/** The schemas that hold what was chosen. */
function selection_schemasOf({ isPart, relations, schemas }) {
    return isPart ? [...new Set([...schemas, ...[...relations.values()].map(({ schema }) => schema)])] : [...schemas];
}
function allEntries(plan) {
    return [...plan.preData, ...plan.postData, ...plan.permissions, ...plan.last];
}
function relationsOf(plan) {
    const owners = new Map();
    for (const one of allEntries(plan)) {
        const member = membershipOf(one);
        if (member !== undefined)
            owners.set(entry_subject_keyOf(member.part), entry_subject_keyOf(member.of));
    }
    const relations = new Map();
    for (const one of plan.preData) {
        const { type } = one.entry;
        if (!RELATION_TYPES.includes(type))
            continue;
        // The statement that makes an identity column's sequence alters the table.
        const relation = type === 'SEQUENCE' ? (membershipOf(one)?.part ?? subjectOf(one)) : subjectOf(one);
        if (relation === undefined)
            continue;
        const key = entry_subject_keyOf(relation);
        relations.set(key, { schema: relation.schema, name: relation.name, type, of: owners.get(key) });
    }
    return relations;
}
function matching(names, patterns) {
    for (const { pattern, name } of patterns) {
        if (names.some(schema => name.test(schema)))
            continue;
        throw new errors/* ComebackError */.U$('usage', `The backup has no schema that matches ${pattern}.`, {
            hint: `Its schemas: ${listed(names)}.`,
        });
    }
    return names.filter(schema => patterns.some(({ name }) => name.test(schema)));
}
function chosenRelations(known, patterns, schemas) {
    const named = new Set();
    for (const { pattern, schema, name } of patterns) {
        const found = [...known].filter(([, one]) => (schema === undefined ? one.schema === 'public' : schema.test(one.schema)) && name.test(one.name));
        if (found.length === 0)
            throw noTable(pattern, name, known);
        for (const [key] of found)
            named.add(key);
    }
    const isChosen = (key) => {
        const one = key === undefined ? undefined : known.get(key);
        return one !== undefined && (named.has(key ?? '') || schemas.has(one.schema) || isChosen(one.of));
    };
    return new Map([...known].filter(([key]) => isChosen(key)));
}
function noTable(pattern, name, known) {
    const elsewhere = [...known.values()].filter(one => name.test(one.name)).map(displayName);
    return new errors/* ComebackError */.U$('usage', `The backup has no table that matches ${pattern}.`, {
        hint: elsewhere.length > 0
            ? `A pattern without a schema means schema public. It has ${listed(elsewhere)}.`
            : 'Write table or schema.table; capitals need double quotes.',
    });
}
function partOf(plan, relations, schemas) {
    const members = new Map();
    for (const one of allEntries(plan)) {
        const member = membershipOf(one);
        if (member !== undefined)
            members.set(entry_subject_keyOf(member.part), entry_subject_keyOf(member.of));
    }
    const isChosen = (key) => key !== undefined && (relations.has(key) || isChosen(members.get(key)));
    const takes = (one) => {
        if (one.entry.schema !== null && schemas.has(one.entry.schema))
            return true;
        const subject = subjectOf(one);
        if (subject !== undefined)
            return isChosen(entry_subject_keyOf(subject));
        const schema = schemaIn(one);
        return schema !== undefined && schemas.has(schema);
    };
    const takesLoad = ({ into, ranges }) => relations.has(entry_subject_keyOf(into)) || ranges.some(({ detail }) => relations.has(entry_subject_keyOf(detail.table)));
    const loads = plan.loads.filter(takesLoad);
    const segments = new Set(loads.flatMap(({ ranges }) => ranges.map(({ segment }) => segment.name)));
    const { detail } = plan;
    return {
        detail: {
            ...detail,
            schemas: [...schemas],
            excludedData: detail.excludedData.filter(table => relations.has(entry_subject_keyOf(table))),
            rows: Object.fromEntries(Object.entries(detail.rows).filter(([name]) => segments.has(name))),
        },
        preData: plan.preData.filter(takes),
        loads,
        added: [],
        sequences: plan.sequences,
        largeObjects: [],
        postData: plan.postData.filter(takes),
        permissions: plan.permissions.filter(takes),
        last: plan.last.filter(takes),
    };
}
/** The schema that an entry creates, or is about. */
function schemaIn({ statements }) {
    for (const sql of statements) {
        const match = ABOUT_SCHEMA.exec(sql);
        const name = match?.[1] ?? match?.[2];
        if (name !== undefined)
            return unquoted(name);
    }
    return undefined;
}
function reduced(plan, what) {
    if (what === 'all')
        return plan;
    if (what === 'data') {
        const last = plan.last.filter(({ entry }) => entry.type === 'MATERIALIZED VIEW DATA');
        return { ...plan, preData: [], postData: [], permissions: [], last };
    }
    const last = plan.last.filter(({ entry }) => entry.type !== 'MATERIALIZED VIEW DATA');
    // As a backup that has no rows: what is there of large objects stays.
    const detail = { ...plan.detail, schemaOnly: true, excludedData: [], rows: {} };
    return { ...plan, detail, loads: [], added: [], sequences: [], largeObjects: [], last };
}
function listed(names) {
    const more = names.length > selection_NAMED ? ` and ${names.length - selection_NAMED} more` : '';
    return `${names.slice(0, selection_NAMED).join(', ')}${more}`;
}

;// CONCATENATED MODULE: ./build/postgres/restore/needs.js







/** Entries that make what others can need. */
const NEEDED_TYPES = /^(?:TABLE|FOREIGN TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE|TYPE|DOMAIN|FUNCTION|PROCEDURE|AGGREGATE|COLLATION|TEXT SEARCH (?:CONFIGURATION|DICTIONARY))$/;
/** Entries whose text may name anything without needing it. */
const NAMES_FREELY = /^(?:COMMENT|ACL|DEFAULT ACL|FUNCTION|PROCEDURE|SECURITY LABEL)$/;
const MENTION = /("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\.("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)/gu;
const OF_CONSTRAINT = new RegExp(`^COMMENT ON CONSTRAINT ${NAME} ON ${QUALIFIED_NAME} IS`);
const CONSTRAINT = new RegExp(String.raw `\sADD CONSTRAINT ${NAME}\s`);
const PUBLICATION = new RegExp(`^ALTER PUBLICATION ${NAME} ADD`);
const AFTER_INDEXES = /^(?:CONSTRAINT|CHECK CONSTRAINT|INDEX|COMMENT)$/;
/** Only looks. Throws `unsupported` where rows can't be restored by themselves. */
async function findNeeds(connection, whole, choice, facts) {
    if (!choice.isPart || choice.what === 'data')
        return { plan: choice.plan, problems: [], skipped: [] };
    refuseRowsThroughRoot(choice);
    const mentions = mentionsOf(whole, choice);
    const present = await presentIn(connection, [...mentions.values()].flat());
    const publications = await publicationsOf(connection);
    const parents = parentsOf(choice.plan);
    const skipped = [];
    const gone = new Set();
    const late = [];
    const crossing = [];
    const needed = new Map();
    const keep = (one) => {
        const { entry } = one;
        const leaveOut = (reason) => {
            skipped.push({ kind: entry.type, name: entryName(entry).slice(entry.type.length + 1), reason });
            return false;
        };
        if (entry.type === 'COMMENT')
            return !gone.has(constraintOfComment(one) ?? '');
        const publication = needs_nameOf(PUBLICATION, one);
        if (publication !== undefined && !publications.has(publication))
            return leaveOut(`the target has no publication ${publication}`);
        if (entry.type === 'INDEX ATTACH')
            return true;
        const wanted = mentions.get(one) ?? [];
        const missing = wanted.filter(object => !present.has(entry_subject_keyOf(object)));
        if (entry.type === 'TABLE ATTACH') {
            const [root] = wanted;
            if (root === undefined)
                return true;
            if (missing.length === 0)
                late.push(one);
            else
                leaveOut(`the target has no ${displayName(root)}, and it was not chosen`);
            return false;
        }
        if (entry.type === 'FK CONSTRAINT') {
            const referenced = tablesOf(one)?.[1];
            const lacking = missing.find(object => entry_subject_keyOf(object) === referenced);
            if (lacking !== undefined) {
                gone.add(constraintKey(one) ?? '');
                return leaveOut(`the target has no ${displayName(lacking)}, and it was not chosen`);
            }
            const other = wanted.find(object => entry_subject_keyOf(object) === referenced);
            if (other !== undefined)
                crossing.push(`${entryName(entry)} (to ${displayName(other)})`);
        }
        if (entry.type === 'SEQUENCE OWNED BY' && missing.length > 0)
            return leaveOut(`the target has no ${displayName(missing[0] ?? { schema: '', name: '' })}, and it was not chosen`);
        for (const object of missing) {
            if (!needed.has(entry_subject_keyOf(object)))
                needed.set(entry_subject_keyOf(object), `${object.type} ${displayName(object)} (for ${entryName(entry)})`);
        }
        return true;
    };
    const { plan } = choice;
    const preData = plan.preData.filter(keep);
    const postData = plan.postData.filter(keep).filter(one => !attachesToOther(one, parents, choice));
    const ready = postData.findIndex(({ entry }) => !AFTER_INDEXES.test(entry.type));
    const at = ready < 0 ? postData.length : ready;
    return {
        plan: {
            ...plan,
            preData: [...missingSchemas(whole, choice, facts), ...preData],
            // A partition that joins while it lacks its indexes would be given others, whose names are then taken.
            postData: [...postData.slice(0, at), ...late, ...postData.slice(at)],
            permissions: plan.permissions.filter(keep),
            last: plan.last.filter(keep),
        },
        problems: [...needProblems([...needed.values()], crossing), ...extensionProblems(whole, facts)],
        skipped,
    };
}
/** Of each chosen entry, what of the backup it names that was not chosen. */
function mentionsOf(whole, choice) {
    const objects = new Map();
    for (const { entry } of whole.preData) {
        const object = mentionable(entry);
        if (object === undefined || choice.schemas.includes(object.schema))
            continue;
        if (!choice.relations.has(entry_subject_keyOf(object)))
            objects.set(entry_subject_keyOf(object), object);
    }
    return new Map(allEntries(choice.plan).map((one) => {
        if (NAMES_FREELY.test(one.entry.type))
            return [one, []];
        const keys = new Set([...one.statements.join('\n').matchAll(MENTION)].map(([, schema = '', name = '']) => tableKey(unquoted(schema), unquoted(name))));
        return [one, [...keys].flatMap(key => objects.get(key) ?? [])];
    }));
}
function mentionable({ type, schema, name }) {
    if (schema === null || !NEEDED_TYPES.test(type))
        return undefined;
    const hasArguments = type === 'FUNCTION' || type === 'PROCEDURE' || type === 'AGGREGATE';
    return { type, schema, name: hasArguments ? name.replace(/\(.*$/s, '') : name };
}
async function presentIn(connection, objects) {
    if (objects.length === 0)
        return new Set();
    const rows = await connection.query(`SELECT w.schema, w.name FROM unnest($1::text[], $2::text[]) AS w(schema, name)
       JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
      WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname = w.name)
         OR EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.typnamespace = n.oid AND t.typname = w.name)
         OR EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid AND p.proname = w.name)
         OR EXISTS (SELECT FROM pg_catalog.pg_collation l WHERE l.collnamespace = n.oid AND l.collname = w.name)
         OR EXISTS (SELECT FROM pg_catalog.pg_ts_config f WHERE f.cfgnamespace = n.oid AND f.cfgname = w.name)
         OR EXISTS (SELECT FROM pg_catalog.pg_ts_dict d WHERE d.dictnamespace = n.oid AND d.dictname = w.name)`, [objects.map(({ schema }) => schema), objects.map(({ name }) => name)]);
    return new Set(rows.map(entry_subject_keyOf));
}
async function publicationsOf(connection) {
    const rows = await connection.query('SELECT pubname::text AS name FROM pg_catalog.pg_publication');
    return new Set(rows.map(row => row.name));
}
/** Of each index and partition in the plan, what it is attached to. */
function parentsOf(plan) {
    return new Map([...plan.preData, ...plan.postData].flatMap(one => {
        const member = membershipOf(one);
        return member === undefined ? [] : [[entry_subject_keyOf(member.part), entry_subject_keyOf(member.of)]];
    }));
}
/** The index of a partition whose root was not chosen: joining the root attaches it, if the root has such an index. */
function attachesToOther(one, parents, { relations }) {
    if (one.entry.type !== 'INDEX ATTACH')
        return false;
    const [, parentSchema = '', parent = ''] = new RegExp(`^ALTER INDEX ${QUALIFIED_NAME} ATTACH PARTITION`).exec(one.statements[0] ?? '') ?? [];
    const table = parents.get(tableKey(unquoted(parentSchema), unquoted(parent)));
    return table === undefined || !relations.has(table);
}
/** A table can't be created without its schema. */
function missingSchemas(whole, { relations, schemas }, facts) {
    const wanted = new Set([...relations.values()].map(({ schema }) => schema));
    return whole.preData.filter(one => {
        if (one.entry.type !== 'SCHEMA')
            return false;
        const name = schemaIn(one) ?? '';
        return wanted.has(name) && !schemas.includes(name) && !facts.schemas.has(name);
    });
}
function refuseRowsThroughRoot({ plan, relations }) {
    for (const { into, ranges } of plan.loads) {
        const [first] = ranges;
        if (relations.has(entry_subject_keyOf(into)) || first === undefined)
            continue;
        throw new errors/* ComebackError */.U$('unsupported', `The rows of ${displayName(first.detail.table)} can only be restored together with ${displayName(into)}.`, { hint: `Choose ${displayName(into)}: in which of its partitions a row lies may differ on the target.` });
    }
}
function needProblems(needed, crossing) {
    return [
        ...(needed.length === 0
            ? []
            : [
                {
                    severity: 'warning',
                    message: `Needed by what was chosen, not chosen, and missing on the target: ${listed(needed)}.`,
                    hint: 'Choose it too, or create it on the target; without it the restore will most likely fail, and change nothing.',
                },
            ]),
        ...(crossing.length === 0
            ? []
            : [
                {
                    severity: 'warning',
                    message: `Foreign keys to tables that were not chosen are checked against the rows that the target has: ${listed(crossing)}.`,
                    hint: 'If rows are missing there, the restore fails and changes nothing. Choose those tables too.',
                },
            ]),
    ];
}
function extensionProblems({ detail }, facts) {
    const missing = detail.extensions.filter(({ name }) => !facts.extensions.has(name)).map(({ name }) => name);
    if (missing.length === 0)
        return [];
    return [
        {
            severity: 'warning',
            message: `Extensions are not part of a selection, and the target lacks some that the backup has: ${listed(missing)}.`,
            hint: 'If what was chosen uses them, create them first.',
        },
    ];
}
function constraintKey({ statements }) {
    const table = tablesOf({ entry: { ...EMPTY, type: 'CONSTRAINT' }, statements })?.[0];
    const name = CONSTRAINT.exec(statements[0] ?? '')?.[1];
    return table === undefined || name === undefined ? undefined : `${table} ${unquoted(name)}`;
}
function constraintOfComment({ statements }) {
    const [, name, schema = '', table = ''] = OF_CONSTRAINT.exec(statements[0] ?? '') ?? [];
    return name === undefined ? undefined : `${tableKey(unquoted(schema), unquoted(table))} ${unquoted(name)}`;
}
const EMPTY = { type: '', schema: null, name: '', owner: null, offset: 0, length: 0, settings: {} };
function needs_nameOf(pattern, { statements }) {
    const name = pattern.exec(statements[0] ?? '')?.[1];
    return name === undefined ? undefined : unquoted(name);
}

;// CONCATENATED MODULE: ./build/postgres/restore/chosen-plan.js





/** Changes nothing. Throws what `planRestore`, `choose` and `findNeeds` do. */
async function planChosen(connection, facts, selection, backup, progress, signal) {
    const whole = await restore_plan_planRestore(backup, progress, signal);
    const choice = choose(whole, selection);
    const { plan, problems, skipped } = await findNeeds(connection, whole, choice, facts);
    return { choice: { ...choice, plan }, problems, skipped };
}
/** Throws `usage` for a mode that a selection can't be restored in, and what `chooseMode` does. */
function modeFor(selection, consent, target) {
    const { mode } = consent;
    if (selection.what === 'data') {
        if (mode === undefined || mode === 'atomic')
            return 'atomic';
        throw new errors/* ComebackError */.U$('usage', `--data-only replaces rows in one transaction, not in mode ${mode}.`, {
            hint: 'Leave out --mode.',
        });
    }
    if (mode === 'swap' && isPart(selection)) {
        throw new errors/* ComebackError */.U$('usage', 'A new database that takes the place of this one would lack all that was not chosen.', {
            hint: 'Use --mode atomic, which replaces what was chosen and leaves the rest as it is.',
        });
    }
    return chooseMode(consent, target);
}
function isPart({ tables, schemas }) {
    return tables.length > 0 || schemas.length > 0;
}

;// CONCATENATED MODULE: ./build/postgres/restore/compatibility.js


/** Tables that a message names. */
const compatibility_NAMED = 10;
/** Throws `unsupported`; returns what will differ, or may fail. */
function checkCompatibility({ plan: { detail, preData }, isPart, what }, facts, mode) {
    const problems = [...withoutRows(detail, what)];
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
    if (detail.collate !== '' && detail.collate !== facts.collate) {
        problems.push({
            severity: 'warning',
            message: `The source sorts text by ${detail.collate}, the target by ${facts.collate}.`,
            hint: `Where the order of text matters, restore into a database created with LC_COLLATE '${detail.collate}' TEMPLATE template0.`,
        });
    }
    for (const { name, schema } of detail.extensions) {
        const installed = facts.extensions.get(name);
        // An atomic restore drops it, if it may.
        if (isPart ||
            mode === 'swap' ||
            installed === undefined ||
            installed.schema === schema ||
            (mode === 'atomic' && installed.ours))
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
function withoutRows({ schemaOnly, excludedData }, what) {
    // Asked for now, and not a surprise; rows alone leave those tables as they are.
    if (what !== 'all')
        return [];
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

;// CONCATENATED MODULE: ./build/postgres/restore/skipped.js
/** Names that a line lists; the problem's entries have them all. */
const skipped_NAMED = 5;
function skippedProblems(skipped) {
    const groups = Map.groupBy(skipped, ({ kind, reason }) => JSON.stringify([kind, reason]));
    return [...groups.values()].flatMap(group => {
        const [first] = group;
        if (first === undefined)
            return [];
        const names = group.slice(0, skipped_NAMED).map(({ name }) => name);
        const more = group.length > skipped_NAMED ? ` and ${group.length - skipped_NAMED} more` : '';
        return [
            {
                severity: 'warning',
                message: `Left out: ${first.kind} ${names.join(', ')}${more}: ${first.reason}.`,
                entries: group.map(({ kind, name }) => `${kind} ${name}`),
            },
        ];
    });
}

;// CONCATENATED MODULE: ./build/postgres/restore/omissions.js

/** Names that a line lists of each kind; the problem's entries have them all. */
const omissions_NAMED = 3;
class Omissions {
    /** By role, then by what: the entries. */
    #missing = new Map();
    #foreign = new Map();
    #skipped = [];
    #notes = new Set();
    #currentUser = '';
    /** The entry whose statements are looked at, for the names: `TABLE public.users`. */
    current = '';
    /** `what` in the singular: `grant`. */
    missingRole(role, what) {
        add(this.#missing, role, what, this.current);
    }
    foreignRole(role, what, currentUser) {
        this.#currentUser = currentUser;
        add(this.#foreign, role, what, this.current);
    }
    skip(entry) {
        this.#skipped.push(entry);
    }
    note(message) {
        this.#notes.add(message);
    }
    get missingRoles() {
        return [...this.#missing.keys()];
    }
    problems() {
        return [
            ...[...this.#missing].map(([role, left]) => ({
                severity: 'warning',
                message: `Role ${role} does not exist on the target. Left out: ${omissions_list(left)}.`,
                hint: `Restore with --create-roles, or create the role (CREATE ROLE "${role.replaceAll('"', '""')}") before, if it is needed.`,
                entries: omissions_all(left),
            })),
            ...[...this.#foreign].map(([role, left]) => ({
                severity: 'warning',
                message: `${this.#currentUser} may not act as role ${role}. Left out: ${omissions_list(left)}.`,
                hint: `Restore as a superuser, or as a member of ${role}.`,
                entries: omissions_all(left),
            })),
            ...skippedProblems(this.#skipped),
            ...[...this.#notes].map(message => ({ severity: 'warning', message })),
        ];
    }
}
function add(roles, role, what, entry) {
    const ofRole = roles.get(role) ?? new Map();
    ofRole.set(what, [...(ofRole.get(what) ?? []), entry]);
    roles.set(role, ofRole);
}
function omissions_list(left) {
    return [...left]
        .map(([what, entries]) => {
        const names = [...new Set(entries)];
        const shown = `${names.slice(0, omissions_NAMED).join(', ')}${names.length > omissions_NAMED ? ', …' : ''}`;
        return `${entries.length} ${entries.length === 1 ? what : plural(what)} (${shown})`;
    })
        .join(', ');
}
function omissions_all(left) {
    return [...left].flatMap(([what, entries]) => entries.map(entry => `${what}: ${entry}`));
}
function plural(what) {
    return what === 'policy' ? 'policies' : `${what}s`;
}

;// CONCATENATED MODULE: ./build/postgres/restore/optional-entries.js




const OPTIONAL = new Set([
    'EXTENSION',
    'EVENT TRIGGER',
    'PUBLICATION',
    'PUBLICATION TABLE',
    'PUBLICATION TABLES IN SCHEMA',
    'SUBSCRIPTION',
    'SUBSCRIPTION TABLE',
    'FOREIGN DATA WRAPPER',
    'SERVER',
    'FOREIGN SERVER',
    'USER MAPPING',
    'PROCEDURAL LANGUAGE',
    'CAST',
    'TRANSFORM',
    'ACCESS METHOD',
    'SECURITY LABEL',
]);
/** What tells more of an entry; pg_dump names it by the entry's type and name. */
const ABOUT_ANOTHER = new Set(['COMMENT', 'ACL', 'SECURITY LABEL']);
/** What a statement can't do without, where that is optional too. */
const NEEDS = [
    ['PUBLICATION', new RegExp(`^ALTER PUBLICATION ${NAME} ADD `)],
    ['FOREIGN DATA WRAPPER', new RegExp(`^CREATE SERVER .*FOREIGN DATA WRAPPER ${NAME}`, 's')],
    ['SERVER', new RegExp(`^CREATE USER MAPPING FOR ${NAME} SERVER ${NAME}`)],
    ['SERVER', new RegExp(String.raw `^CREATE FOREIGN TABLE .*\nSERVER ${NAME}`, 's')],
];
const REASONS = {
    // insufficient_privilege
    '42501': 'the restoring role may not create it',
    // duplicate_object
    '42710': 'the target has one of its own, which stays',
    // syntax_error
    '42601': 'the server is too old to understand it',
    // undefined_file: a language that was an extension's
    '58P01': 'the server does not have it',
    // object_not_in_prerequisite_state: no library for a label's provider; feature_not_supported; invalid_parameter_value
    '55000': 'the server does not support it',
    '0A000': 'the server does not support it',
};
function isOptional({ type }) {
    return OPTIONAL.has(type);
}
/** What was left out so far, so that what refers to it can be left out, too. */
class LeftOut {
    #names = new Set();
    #relations = new Set();
    add({ type, name }) {
        // Casts and transforms have it in their names.
        this.#names.add(type === 'CAST' || type === 'TRANSFORM' ? name : `${type} ${name}`);
    }
    /** Why an entry can't be made: what it is about, or what it needs, was left out. */
    reasonFor(planned) {
        if (this.#names.size === 0)
            return undefined;
        const { entry, statements } = planned;
        const subject = this.#relations.size === 0 ? undefined : subjectOf(planned);
        const isAbout = ABOUT_ANOTHER.has(entry.type) && this.#names.has(spelled(entry.name));
        if (isAbout || (subject !== undefined && this.#relations.has(entry_subject_keyOf(subject))))
            return 'what it is about was left out';
        for (const [type, pattern] of NEEDS) {
            const name = statements.flatMap(sql => pattern.exec(sql)?.at(-1) ?? [])[0];
            if (name === undefined || !this.#names.has(`${type} ${unquoted(name)}`))
                continue;
            this.add(entry);
            const relation = entry.type === 'FOREIGN TABLE' ? subjectOf(planned) : undefined;
            if (relation !== undefined)
                this.#relations.add(entry_subject_keyOf(relation));
            return `${type.toLowerCase()} ${unquoted(name)}, which it needs, was left out`;
        }
        return undefined;
    }
}
/** As the entry itself is called that a comment or a grant is about. */
function spelled(name) {
    return name.replace(/^LANGUAGE /, 'PROCEDURAL LANGUAGE ').replace(/^FOREIGN SERVER /, 'SERVER ');
}
function skippedEntry(entry, reason) {
    return { kind: entry.type, name: entryName(entry).slice(entry.type.length + 1), reason };
}
/** Returns why the server refused it, where that is to be borne; undefined if it was made. Throws all other refusals. */
async function attempt(connection, entry, inTransaction, work) {
    if (inTransaction)
        await connection.query('SAVEPOINT optional');
    try {
        await work();
        if (inTransaction)
            await connection.query('RELEASE SAVEPOINT optional');
        return undefined;
    }
    catch (error) {
        const state = sqlStateOf(error);
        // A label whose provider is not loaded is an invalid parameter.
        const reason = entry.type === 'SECURITY LABEL' && state === '22023' ? 'its provider is not loaded' : REASONS[state];
        if (reason === undefined)
            throw error;
        if (inTransaction)
            await connection.query('ROLLBACK TO SAVEPOINT optional; RELEASE SAVEPOINT optional');
        return reason;
    }
}

;// CONCATENATED MODULE: ./build/postgres/restore/schema-creators.js
/**
 * Who may create in which schema. An ordinary role gives an object only to a role that may create in its schema, and pg_dump
 * grants that long after it gives the object away. So the right is granted for the moment, and taken back.
 */


const CREATED = new RegExp(`^CREATE SCHEMA ${NAME}$`);
const GIVEN = new RegExp(`^ALTER SCHEMA ${NAME} OWNER TO ${NAME}$`);
class SchemaCreators {
    #facts;
    /** Of schemas that the restore itself made. */
    #owners = new Map();
    constructor(facts) {
        this.#facts = facts;
    }
    watch(sql) {
        const created = CREATED.exec(sql)?.[1];
        if (created !== undefined)
            this.#owners.set(unquoted(created), this.#facts.currentUser);
        const [, given, owner] = GIVEN.exec(sql) ?? [];
        if (given !== undefined && owner !== undefined)
            this.#owners.set(unquoted(given), unquoted(owner));
    }
    /** The statement that gives an object to `owner`, with what that needs; nothing if it can't be. */
    allowing(sql, owner, schema, omissions) {
        const { superuser, currentUser, creators, schemas } = this.#facts;
        const made = this.#owners.get(schema);
        if (superuser || owner === currentUser || owner === made || creators.get(schema)?.has(owner))
            return [sql];
        if (made === undefined && schemas.get(schema)?.ours !== true) {
            omissions.note(`Role ${owner} may not create in schema ${schema}: objects there that it owned belong to ${currentUser}.`);
            return [];
        }
        const [to, where] = [esm/* default.escapeIdentifier */.Ay.escapeIdentifier(owner), esm/* default.escapeIdentifier */.Ay.escapeIdentifier(schema)];
        return [`GRANT CREATE ON SCHEMA ${where} TO ${to}`, sql, `REVOKE CREATE ON SCHEMA ${where} FROM ${to}`];
    }
}

;// CONCATENATED MODULE: ./build/postgres/restore/entry-filter.js





const entry_filter_OWNER = new RegExp(String.raw `^ALTER\s.*\sOWNER TO ${NAME}$`, 's');
const PRIVILEGE = new RegExp(String.raw `^(?:GRANT|REVOKE)\s.*\s(?:TO|FROM) ${NAME}(?: WITH GRANT OPTION)?$`, 's');
const DEFAULT_PRIVILEGE = new RegExp(String.raw `^ALTER DEFAULT PRIVILEGES FOR ROLE ${NAME} .*\s(?:TO|FROM) ${NAME}(?: WITH GRANT OPTION)?$`, 's');
const USER_MAPPING = new RegExp(`^(?:CREATE|ALTER) USER MAPPING FOR ${NAME} `);
const POLICY = new RegExp(`^(CREATE POLICY ${NAME} ON ${QUALIFIED_NAME}(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO )(${NAME}(?:, ${NAME})*)`);
const AUTHORIZATION = new RegExp(`^SET SESSION AUTHORIZATION ${NAME}$`);
const entry_filter_CREATE_SCHEMA = new RegExp(`^CREATE SCHEMA ${NAME}$`);
const ON_SCHEMA = new RegExp(`^(?:ALTER SCHEMA|COMMENT ON SCHEMA|GRANT [A-Z, ]+ ON SCHEMA|REVOKE [A-Z, ]+ ON SCHEMA) ${NAME} `);
const EXTENSION_COMMENT = new RegExp(`^COMMENT ON EXTENSION ${NAME} IS`);
function createEntryFilter(facts) {
    const omissions = new Omissions();
    const left = new LeftOut();
    const creators = new SchemaCreators(facts);
    const adaptOne = (sql) => adaptStatement(sql, facts, omissions);
    return {
        adapt(planned) {
            const { entry, statements } = planned;
            if (entry.type === 'SUBSCRIPTION' && facts.subscriptions.has(entry.name)) {
                omissions.note(`The target has a subscription ${entry.name}, which stays as it is.`);
                return [];
            }
            const reason = left.reasonFor(planned);
            if (reason !== undefined) {
                omissions.skip(skippedEntry(entry, reason));
                return [];
            }
            omissions.current = entryName(entry);
            return withoutForeignGrantors(statements, facts, omissions)
                .flatMap(sql => adaptOne(sql) ?? [])
                .flatMap(sql => {
                creators.watch(sql);
                const owner = entry.schema === null ? undefined : nameIn(entry_filter_OWNER.exec(sql));
                return owner === undefined ? [sql] : creators.allowing(sql, owner, entry.schema ?? '', omissions);
            });
        },
        adaptStatement(sql) {
            omissions.current = sql.replace(/^(?:ALTER|GRANT .* ON|REVOKE .* ON) (LARGE OBJECT \d+).*$/s, '$1');
            return adaptOne(sql);
        },
        leaveOut(entry, reason) {
            left.add(entry);
            omissions.skip(skippedEntry(entry, reason));
        },
        missingRoles: () => omissions.missingRoles,
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
        return entry_filter_exists(grantee, facts, omissions, 'grant') ? sql : undefined;
    const defaults = DEFAULT_PRIVILEGE.exec(sql);
    if (defaults !== null) {
        const [, granter = '', receiver = ''] = defaults;
        const applies = canAssume(unquoted(granter), facts, omissions, 'default privilege') &&
            entry_filter_exists(unquoted(receiver), facts, omissions, 'default privilege');
        return applies ? sql : undefined;
    }
    const mapped = nameIn(USER_MAPPING.exec(sql));
    if (mapped !== undefined)
        return entry_filter_exists(mapped, facts, omissions, 'user mapping') ? sql : undefined;
    if (sql.startsWith('CREATE POLICY'))
        return adaptPolicy(sql, facts, omissions);
    const created = nameIn(entry_filter_CREATE_SCHEMA.exec(sql));
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
    const roles = list.match(new RegExp(NAME, 'g')) ?? [];
    const kept = roles.filter(role => entry_filter_exists(unquoted(role), facts, omissions, 'policy'));
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
            if (!entry_filter_exists(grantor, facts, omissions, 'grant'))
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
function entry_filter_exists(role, facts, omissions, what) {
    if (role.toUpperCase() === 'PUBLIC' || facts.roles.has(role))
        return true;
    omissions.missingRole(role, what);
    return false;
}
function nameIn(match) {
    const name = match?.[1];
    return name === undefined ? undefined : unquoted(name);
}

;// CONCATENATED MODULE: ./build/postgres/restore/create-roles.js
/** Roles belong to the server, not to a database: a backup names them, and holds nothing else of them. */





/** Those that the plan's entries name and the target lacks. Only the server itself can make names that begin with `pg_`. */
function missingRoles(plan, facts) {
    const missing = new Set();
    // A statement that names two of them tells of the second only when the first is there.
    for (;;) {
        const filter = createEntryFilter(withRoles(facts, [...missing]));
        for (const one of allEntries(plan))
            filter.adapt(one);
        const more = filter.missingRoles().filter(name => !name.startsWith('pg_') && !missing.has(name));
        if (more.length === 0)
            return [...missing].sort();
        for (const name of more)
            missing.add(name);
    }
}
/** As the target will be when they are there. */
function withRoles(facts, names) {
    return { ...facts, roles: new Map([...facts.roles, ...names.map(name => [name, true])]) };
}
/** Throws `permission` before anything is tried. */
function refuseRoles(names, { superuser, createRole, currentUser }) {
    if (names.length === 0 || superuser || createRole)
        return;
    throw new errors/* ComebackError */.U$('permission', `${currentUser} may not create the roles that the target lacks: ${listed(names)}.`, {
        hint: `Nothing was changed. Give it the right (ALTER ROLE … CREATEROLE), create the roles yourself, or leave out --create-roles: what is theirs will then belong to ${currentUser}.`,
    });
}
async function createRoles(connection, names, facts) {
    refuseRoles(names, facts);
    for (const name of names) {
        const role = esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name);
        try {
            await connection.query(`CREATE ROLE ${role} NOLOGIN`);
            // Only a member may give an object to the role.
            if (!facts.superuser)
                await connection.query(`GRANT ${role} TO CURRENT_USER`);
        }
        catch (error) {
            throw serverError(error, `Creating the role ${name}`);
        }
    }
}
function roleProblems(names) {
    if (names.length === 0)
        return [];
    return [
        {
            severity: 'warning',
            message: `Roles that the target lacked are created without login: ${listed(names)}.`,
            hint: 'A backup of one database holds neither passwords nor memberships of roles. Give them what they need: ALTER ROLE … LOGIN PASSWORD …',
            entries: names.map(name => `ROLE ${name}`),
        },
    ];
}

;// CONCATENATED MODULE: ./build/postgres/restore/lock-table.js

/** Backends' settings come in steps that look considered. */
const STEP = 64;
/** Dropping locks tables, types, constraints and all else one by one; `$1` are the schemas. */
const DROPPED = `
  WITH schemas AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ANY($1)),
       relations AS (SELECT oid, reltoastrelid FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM schemas))
  SELECT ((SELECT count(*) + 2 * count(*) FILTER (WHERE reltoastrelid <> 0) FROM relations)
        + (SELECT count(*) FROM pg_catalog.pg_type WHERE typnamespace IN (SELECT oid FROM schemas))
        + (SELECT count(*) FROM pg_catalog.pg_proc WHERE pronamespace IN (SELECT oid FROM schemas))
        + (SELECT count(*) FROM pg_catalog.pg_constraint WHERE connamespace IN (SELECT oid FROM schemas))
        + (SELECT count(*) FROM pg_catalog.pg_attrdef WHERE adrelid IN (SELECT oid FROM relations))
        + (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid IN (SELECT oid FROM relations))
        + (SELECT count(*) FROM pg_catalog.pg_rewrite WHERE ev_class IN (SELECT oid FROM relations)))::int AS dropped`;
/** Backends as the server counts them when it sets the table up. */
const ROOM = `
  SELECT pg_catalog.current_setting('max_locks_per_transaction')::int AS "perTransaction",
         (SELECT sum(setting::int)::int + 2 FROM pg_catalog.pg_settings
           WHERE name IN ('max_connections', 'max_prepared_transactions', 'max_worker_processes', 'max_wal_senders')
              OR name = CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'autovacuum_worker_slots')
                             THEN 'autovacuum_worker_slots' ELSE 'autovacuum_max_workers' END) AS backends`;
/** Locks that creating takes, by the type of the entry: a table has, as a rule, a TOAST table with its index. */
const lock_table_CREATED = {
    TABLE: 3,
    'MATERIALIZED VIEW': 3,
    SEQUENCE: 1,
    VIEW: 1,
    'FOREIGN TABLE': 1,
    INDEX: 1,
    CONSTRAINT: 1,
};
async function lockNeeds(connection, plan) {
    const [target] = await connection.query(DROPPED, [plan.detail.schemas]);
    const [server] = await connection.query(ROOM);
    const { perTransaction = 0, backends = 1 } = server ?? {};
    const entries = [...plan.preData, ...plan.postData].map(({ entry }) => entry.type);
    const created = entries.reduce((sum, type) => sum + (lock_table_CREATED[type] ?? 0), 0);
    const needed = created + (target?.dropped ?? 0);
    return {
        tables: entries.filter(type => type === 'TABLE').length,
        needed,
        room: perTransaction * backends,
        perTransaction,
        wanted: Math.ceil(needed / backends / STEP) * STEP,
    };
}
/** For the plan of an atomic restore. */
function lockProblems(needs) {
    if (needs.needed <= needs.room)
        return [];
    return [{ severity: 'warning', message: sentence(needs), hint: advice(needs) }];
}
function lockTableError(needs, cause) {
    return new errors/* ComebackError */.U$('server-error', `The server ran out of room for locks. ${sentence(needs)}`, {
        hint: `Nothing was changed. ${advice(needs)}`,
        cause,
    });
}
function sentence({ tables, needed, room, perTransaction }) {
    const number = (value) => value.toLocaleString('en');
    return `One transaction that restores ${number(tables)} tables over what is there needs about ${number(needed)} locks; with max_locks_per_transaction = ${perTransaction} the server has room for about ${number(room)}, for all sessions together.`;
}
function advice({ wanted, perTransaction }) {
    const more = Math.max(wanted, perTransaction + STEP);
    return `Use --mode swap, which needs few locks at a time. Or set max_locks_per_transaction to ${more} or more, which takes a restart of the server.`;
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
/** Schemas in which an extension stands or has something; and all where the role could not make again what it drops. */
const STAYING_SCHEMAS = `
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
   WHERE m.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND m.deptype = 'e'
  UNION
  SELECT nspname FROM pg_catalog.pg_namespace
   WHERE NOT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')`;
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
/** Throws, naming the object, if the restoring role may not drop something and `dropAll` doesn't see to it. Returns what a person should know. */
async function resetTarget(connection, detail, entries, facts, dropAll = drop) {
    const schemas = detail.schemas.filter(schema => facts.schemas.has(schema));
    const outside = await connection.query(DEPENDENTS_OUTSIDE, [schemas]);
    const doomed = doomedExtensions(detail, facts);
    await dropAll(connection, entries.flatMap(entry => dropStatement(entry) ?? []));
    const held = await connection.query(STAYING_SCHEMAS);
    const staying = new Set(['public', ...held.map(row => row.schema)]);
    const emptied = schemas.filter(schema => staying.has(schema) || facts.schemas.get(schema)?.ours === false);
    const dropped = schemas.filter(schema => !emptied.includes(schema));
    await dropAll(connection, dropped.map(schema => `DROP SCHEMA ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(schema)} CASCADE`));
    await emptySchemas(connection, emptied, () => true, dropAll);
    // After what uses them: dropping ltree itself fails on PostgreSQL 14 while an index with options of its operator class stands.
    await dropAll(connection, doomed.map(name => `DROP EXTENSION IF EXISTS ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name)} CASCADE`));
    await dropAll(connection, await target_reset_listed(connection, DEFAULT_PRIVILEGES, [emptied]));
    await dropAll(connection, await target_reset_listed(connection, SCHEMA_DEFAULTS, [emptied, !expectsClosedPublic(detail)]));
    await dropAll(connection, await target_reset_listed(connection, CONFIGURATION_ROWS, [keptExtensions(detail, facts)]));
    if (!detail.schemaOnly)
        await dropAll(connection, [UNLINK_LARGE_OBJECTS]);
    return resetProblems(detail, facts, outside);
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
async function emptySchemas(connection, schemas, isMeant = () => true, dropAll = drop) {
    const objects = await connection.query(OBJECTS_IN_SCHEMAS, [schemas]);
    await dropAll(connection, objects.filter(isMeant).map(({ type, identity }) => `DROP ${type} IF EXISTS ${identity} CASCADE`));
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
async function target_reset_listed(connection, query, values) {
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
function resetProblems(detail, facts, outside) {
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

;// CONCATENATED MODULE: ./build/postgres/restore/reset-choice.js





/** The relations `$1.$2` that there are. */
const CHOSEN = `
  SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind
    FROM unnest($1::text[], $2::text[]) AS w(schema, name)
    JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`;
/**
 * What depends on the relations `$1.$2` and on what is in the schemas `$3` without being a part of them. A part (an index, a
 * column's sequence, a partition) depends by `a`, `i`, `P` or `S`; `n` is everything that could stand by itself.
 */
const DEPENDENTS = `
  WITH RECURSIVE doomed(classid, objid) AS (
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, oid FROM (${CHOSEN}) chosen
    UNION
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
     WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND n.nspname = ANY($3) AND d.deptype = 'n'
       AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                        WHERE e.classid = d.classid AND e.objid = d.objid AND e.objsubid = 0 AND e.deptype = 'e')
    UNION
    SELECT d.classid, d.objid
      FROM doomed JOIN pg_catalog.pg_depend d ON d.refclassid = doomed.classid AND d.refobjid = doomed.objid
     WHERE d.deptype IN ('a', 'i', 'P', 'S')
  )
  SELECT DISTINCT CASE WHEN r.oid IS NULL THEN pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
                       ELSE pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, r.ev_class, 0) END AS name
    FROM doomed
    JOIN pg_catalog.pg_depend d ON d.refclassid = doomed.classid AND d.refobjid = doomed.objid AND d.deptype = 'n'
    LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
   WHERE (d.classid, d.objid) NOT IN (SELECT classid, objid FROM doomed)
   ORDER BY 1`;
const reset_choice_KINDS = {
    r: 'TABLE',
    p: 'TABLE',
    v: 'VIEW',
    m: 'MATERIALIZED VIEW',
    f: 'FOREIGN TABLE',
    S: 'SEQUENCE',
};
/** The chosen relations that the target has. */
async function collisions(connection, choice) {
    return await connection.query(`SELECT schema, name, relkind::text FROM (${CHOSEN}) chosen ORDER BY 1, 2`, [
        ...names(choice),
    ]);
}
/** Throws `not-empty`, naming what depends on the choice from outside. */
async function refuseDependents(connection, choice) {
    const dependents = await connection.query(DEPENDENTS, [...names(choice), choice.schemas]);
    if (dependents.length === 0)
        return;
    throw new errors/* ComebackError */.U$('not-empty', `What was not chosen depends on what would be replaced in ${connection.description}: ${listed(dependents.map(({ name }) => name))}.`, {
        hint: 'Nothing was changed. Choose the tables of these too, or drop them first. --data-only replaces rows and leaves the tables in place.',
    });
}
async function resetChoice(connection, choice, facts) {
    const colliding = await collisions(connection, choice);
    // So that nothing new can come to depend on them between the look and the drop.
    await drop(connection, colliding
        .filter(({ relkind }) => relkind === 'r' || relkind === 'p')
        .map(table => `LOCK TABLE ${qualified(table)} IN ACCESS EXCLUSIVE MODE`));
    await refuseDependents(connection, choice);
    await drop(connection, colliding.map(one => `DROP ${reset_choice_KINDS[one.relkind] ?? 'TABLE'} IF EXISTS ${qualified(one)} CASCADE`));
    const schemas = choice.schemas.filter(schema => facts.schemas.has(schema));
    await emptySchemas(connection, schemas);
    const defaults = await connection.query(SCHEMA_DEFAULTS, [
        schemas,
        !expectsClosedPublic(choice.plan.detail),
    ]);
    await drop(connection, defaults.map(({ sql }) => sql));
    return [];
}
function names({ relations }) {
    const all = [...relations.values()];
    return [all.map(({ schema }) => schema), all.map(({ name }) => name)];
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
const load_WRITE_SIZE = 64 * sizes/* KiB */.ty;
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
        if (size < load_WRITE_SIZE)
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

;// CONCATENATED MODULE: ./build/postgres/restore/lock-waits.js
/** A target that others work with: who holds the locks that a restore in one transaction waits for. */


/** Milliseconds that one statement waits for locks. */
const lock_waits_LOCK_TIMEOUT = 30_000;
/** Sessions and tables that a message names. */
const lock_waits_NAMED = 5;
/** Autovacuum, which has no role, gives way by itself. */
const HOLDERS = `
  SELECT l.pid, a.usename AS role, a.application_name AS application,
         EXTRACT(epoch FROM pg_catalog.clock_timestamp() - min(a.xact_start))::int AS since,
         json_agg(DISTINCT jsonb_build_object('schema', n.nspname, 'name', c.relname)) AS tables
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
   WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
     AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
     AND (l.pid IS NULL OR a.usesysid IS NOT NULL)
   GROUP BY 1, 2, 3 ORDER BY min(a.xact_start), 1`;
/** The error of a wait that took too long, with who was waited for, as far as they are still there. */
async function lockWaitError(connection, waited, cause) {
    const holders = await connection.query(HOLDERS);
    const who = holders.length === 0
        ? 'who has gone by now'
        : `${holders.slice(0, lock_waits_NAMED).map(lock_waits_describe).join('; ')}${holders.length > lock_waits_NAMED ? '; and others' : ''}`;
    const pids = holders.flatMap(({ pid }) => pid ?? []);
    const end = pids.slice(0, lock_waits_NAMED).map(pid => `SELECT pg_terminate_backend(${pid})`);
    return new errors/* ComebackError */.U$('timeout', `${connection.description} is in use: the restore waited for ${waited / 1000} s for locks of others, ${who}.`, {
        hint: `Nothing was changed. Restore again when they are done${end.length === 0 ? '' : `, or end them: ${end.join('; ')}`}.`,
        cause,
    });
}
function lock_waits_describe({ pid, role, application, since, tables }) {
    const named = tables.slice(0, lock_waits_NAMED).map(displayName).join(', ');
    const on = `on ${named}${tables.length > lock_waits_NAMED ? ' and others' : ''}`;
    if (pid === null)
        return `a prepared transaction ${on}`;
    const about = [
        ...(role === null ? [] : [`role ${role}`]),
        ...(application === null || application === '' ? [] : [application]),
        ...(since === null ? [] : [`in its transaction for ${since} s`]),
    ];
    return `pid ${pid} (${about.join(', ')}) ${on}`;
}

;// CONCATENATED MODULE: ./build/postgres/restore/one-transaction.js




/** Throws `timeout` where others hold locks, and says what to do where the server has no room for as many as it takes. */
async function inOneTransaction(context, work) {
    const { connection, load, target } = context;
    const patience = target.lockTimeout ?? lock_waits_LOCK_TIMEOUT;
    await connection.query(`BEGIN; SET LOCAL lock_timeout = ${patience}`);
    try {
        const result = await work();
        load.progress.phase('Committing');
        await one_transaction_commit(connection);
        return result;
    }
    catch (error) {
        // After an abort there is no connection left; the server rolls back by itself.
        if (!load.signal.aborted)
            await connection.query('ROLLBACK').catch(() => connection.close());
        throw await explained(error, context, patience).catch(() => error);
    }
}
async function explained(error, { connection, plan, load }, patience) {
    if (load.signal.aborted)
        return error;
    if (isLockTimeout(error))
        return await lockWaitError(connection, patience, error);
    if (isOutOfLocks(error))
        return lockTableError(await lockNeeds(connection, plan), error);
    return error;
}
async function one_transaction_commit(connection) {
    try {
        await connection.query('COMMIT');
    }
    catch (error) {
        throw serverError(error, `Committing the restore into ${connection.description}`);
    }
}

;// CONCATENATED MODULE: ./build/postgres/restore/row-targets.js
/** What stands between a backup's rows and tables that exist already: columns, foreign keys, triggers, forced row security. */




const row_targets_RELATIONS = `
  SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS relkind,
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum) AS columns
    FROM unnest($1::text[], $2::text[]) AS w(schema, name)
    JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
   WHERE c.relkind IN ('r', 'p', 'S', 'm')`;
const WITH_ROOTS = `
  SELECT oid FROM unnest($1::oid[]) AS t(oid) UNION SELECT a.relid::oid FROM unnest($1::oid[]) AS t(oid), pg_catalog.pg_partition_ancestors(t.oid) a`;
/**
 * Foreign keys, and constraints that never held for the rows there were (`NOT VALID`), which new rows must not break. One of a
 * partition is a copy of its root's, and comes and goes with it.
 */
const CONSTRAINTS = `
  WITH concerned AS (${WITH_ROOTS})
  SELECT k.conname::text AS name, k.conrelid::pg_catalog.regclass::text AS table,
         pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::pg_catalog.regclass, k.conname) AS drop,
         pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::pg_catalog.regclass, k.conname,
                           pg_catalog.pg_get_constraintdef(k.oid)) AS add,
         pg_catalog.format('COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, k.conrelid::pg_catalog.regclass,
                           pg_catalog.obj_description(k.oid, 'pg_constraint')) AS comment,
         pg_catalog.pg_has_role(c.relowner, 'USAGE') AS ours,
         k.contype = 'f' AND (k.conrelid NOT IN (SELECT oid FROM concerned) OR k.confrelid NOT IN (SELECT oid FROM concerned)) AS crosses
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
   WHERE k.contype = 'f' AND k.conparentid = 0
     AND (k.conrelid IN (SELECT oid FROM concerned) OR k.confrelid IN (SELECT oid FROM concerned))
      OR k.contype IN ('c', 'n') AND NOT k.convalidated AND k.coninhcount = 0 AND k.conrelid IN (SELECT oid FROM concerned)
   ORDER BY 2, 1`;
/**
 * Triggers of people. Those of partitions are copies, switched with their root's, each of which may have been switched by itself
 * since (before 15 they pass for internal ones). Roots first.
 */
const TRIGGERS = `
  WITH concerned AS (${WITH_ROOTS}), trees AS (
    SELECT oid FROM concerned
    UNION SELECT p.relid::oid FROM concerned c CROSS JOIN LATERAL pg_catalog.pg_partition_tree(c.oid) p
  )
  SELECT CASE WHEN t.tgenabled <> 'D' AND COALESCE(p.tgenabled, 'D') = 'D'
           THEN pg_catalog.format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::pg_catalog.regclass, t.tgname) END AS off,
         CASE WHEN t.tgenabled <> COALESCE(p.tgenabled, 'D')
           THEN pg_catalog.format('ALTER TABLE %s %s TRIGGER %I', t.tgrelid::pg_catalog.regclass,
                  CASE t.tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'D' THEN 'DISABLE'
                                   ELSE 'ENABLE' END, t.tgname) END AS on
    FROM pg_catalog.pg_trigger t
    LEFT JOIN pg_catalog.pg_trigger p ON p.oid = t.tgparentid
    LEFT JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint
   WHERE t.tgrelid IN (SELECT oid FROM trees) AND (NOT t.tgisinternal OR t.tgparentid <> 0) AND COALESCE(k.contype, 't') = 't'
   ORDER BY (SELECT count(*) FROM pg_catalog.pg_partition_ancestors(t.tgrelid)), t.tgrelid, t.tgname`;
/** Tables whose owner is held to their policies; the check of a foreign key reads both sides. */
const FORCED = `
  WITH concerned AS (${WITH_ROOTS}), sides AS (
    SELECT conrelid, confrelid FROM pg_catalog.pg_constraint
     WHERE contype = 'f' AND (conrelid IN (SELECT oid FROM concerned) OR confrelid IN (SELECT oid FROM concerned))
  )
  SELECT c.oid::pg_catalog.regclass::text AS name FROM pg_catalog.pg_class c
   WHERE c.relforcerowsecurity AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
     AND c.oid IN (SELECT oid FROM concerned UNION SELECT conrelid FROM sides UNION SELECT confrelid FROM sides)
   ORDER BY 1`;
/** Partitions below the tables `$1` that are not among them. */
const PARTITIONS = `
  SELECT n.nspname AS schema, c.relname AS name
    FROM unnest($1::oid[]) AS t(oid) CROSS JOIN LATERAL pg_catalog.pg_partition_tree(t.oid) p
    JOIN pg_catalog.pg_class c ON c.oid = p.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE p.isleaf AND c.relkind = 'r' AND c.oid <> ALL ($1::oid[]) ORDER BY 1, 2`;
/** Only looks. Throws `mismatch` for tables that are missing or have other columns, `permission` for what may not be set aside. */
async function findRowTargets(connection, choice) {
    const wanted = [...choice.relations.values()].filter(({ type }) => ['TABLE', 'SEQUENCE', 'MATERIALIZED VIEW'].includes(type));
    const found = await connection.query(row_targets_RELATIONS, [
        wanted.map(({ schema }) => schema),
        wanted.map(({ name }) => name),
    ]);
    const present = new Map(found.map(one => [entry_subject_keyOf(one), one]));
    const unread = new Set(choice.plan.detail.excludedData.map(entry_subject_keyOf));
    const tables = wanted.filter(one => one.type === 'TABLE' && !unread.has(entry_subject_keyOf(one)));
    const missing = tables.filter(table => !['r', 'p'].includes(present.get(entry_subject_keyOf(table))?.relkind ?? ''));
    if (missing.length > 0) {
        throw new errors/* ComebackError */.U$('mismatch', `${connection.description} lacks tables whose rows would be restored: ${listed(missing.map(displayName))}.`, {
            hint: 'Nothing was changed. Restore them without --data-only, or leave them out of --tables.',
        });
    }
    const targets = tables.flatMap(table => present.get(entry_subject_keyOf(table)) ?? []);
    refuseOtherColumns(choice, present);
    const oids = targets.map(({ oid }) => oid);
    const keys = await connection.query(CONSTRAINTS, [oids]);
    const foreign = keys.filter(({ ours }) => !ours);
    if (foreign.length > 0) {
        throw new errors/* ComebackError */.U$('permission', `Constraints of tables that another role owns are in the way: ${listed(foreign.map(({ name, table }) => `${name} on ${table}`))}.`, {
            hint: 'Nothing was changed. Restore as the owner of these tables, or as a superuser.',
        });
    }
    const triggers = await connection.query(TRIGGERS, [oids]);
    const forced = (await connection.query(FORCED, [oids])).map(({ name }) => name);
    const strange = await connection.query(PARTITIONS, [oids]);
    return {
        emptied: targets.filter(({ relkind }) => relkind === 'r'),
        before: [
            ...keys.map(({ drop }) => drop),
            ...triggers.flatMap(({ off }) => off ?? []),
            ...forced.map(table => `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`),
        ],
        after: [
            ...keys.flatMap(({ add, comment }) => [add, ...(comment?.endsWith(' IS NULL') === false ? [comment] : [])]),
            ...forced.map(table => `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`),
            // Last: with events pending, no table can be altered.
            ...triggers.flatMap(({ on }) => on ?? []),
        ],
        crossing: keys.filter(({ crosses }) => crosses).map(({ name, table }) => `${name} on ${table}`),
        strange: strange.map(displayName),
        present: new Set(present.keys()),
    };
}
function refuseOtherColumns({ plan }, present) {
    const different = plan.loads.flatMap(({ into, ranges }) => {
        const there = present.get(entry_subject_keyOf(into))?.columns;
        const stored = ranges[0]?.detail.columns;
        if (there === undefined || stored === undefined)
            return [];
        const lacks = stored.filter(column => !there.includes(column));
        const more = there.filter(column => !stored.includes(column));
        const words = [
            ...(lacks.length > 0 ? [`lacks ${lacks.join(', ')}`] : []),
            ...(more.length > 0 ? [`has ${more.join(', ')} besides`] : []),
        ];
        return words.length === 0 ? [] : [`${displayName(into)} ${words.join(' and ')}`];
    });
    if (different.length === 0)
        return;
    throw new errors/* ComebackError */.U$('mismatch', `The target's columns are not those of the backup: ${listed(different)}.`, {
        hint: 'Nothing was changed. Restore these tables without --data-only, or change the target so that its columns match.',
    });
}

;// CONCATENATED MODULE: ./build/postgres/restore/run-entries.js
/** Runs a backup's schema entries on one connection, and says which of them the server refused. */







/** A batch is sent when it has this many statements or characters. */
const BATCH_STATEMENTS = 64;
const BATCH_LENGTH = 128 * sizes/* KiB */.ty;
/** Characters of a refused statement that the message repeats. */
const QUOTED_LENGTH = 200;
const CANNOT_RUN_IN_TRANSACTION = '25001';
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
        if (isOptional(one.entry)) {
            await runItems(connection, batch, context);
            batch = [];
            length = 0;
            await runOptional(connection, one, context);
            continue;
        }
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
async function runOptional(connection, one, context) {
    const { entry } = one;
    const items = context.filter.adapt(one).map(sql => ({ sql, entry }));
    if (items.length === 0)
        return;
    const refused = await attempt(connection, entry, context.atomic, () => runItems(connection, items, context));
    if (refused !== undefined)
        context.filter.leaveOut(entry, refused);
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
    throw item === undefined ? error : run_entries_refusal(item, error);
}
function run_entries_refusal({ sql, entry }, error) {
    const told = serverError(error, `Restoring ${entryName(entry)}`);
    const quote = sql.length <= QUOTED_LENGTH ? sql : `${sql.slice(0, QUOTED_LENGTH)}…`;
    return new errors/* ComebackError */.U$(told.code, `${told.message} The statement: ${quote}`, {
        hint: told.hint,
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
        for (const sql of context.rewrite?.(adapted) ?? [adapted]) {
            batch.push(sql);
            size += sql.length;
        }
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

;// CONCATENATED MODULE: ./build/postgres/restore/restore-rows.js















const restore_rows_BATCH = 64;
async function restoreRows(context) {
    return await inOneTransaction(context, () => replaceRows(context));
}
async function replaceRows({ connection, facts, load, choice, }) {
    const { plan } = choice;
    const { progress, signal } = load;
    progress.phase('Emptying tables');
    const targets = await findRowTargets(connection, choice);
    await restore_rows_run(connection, targets.before, 'Setting aside foreign keys and triggers');
    if (targets.emptied.length > 0) {
        // In one statement, and by themselves: what inherits from them is emptied if it is among them.
        const tables = targets.emptied.map(table => `ONLY ${qualified(table)}`).join(', ');
        await restore_rows_run(connection, [`TRUNCATE ${tables}`], 'Emptying tables');
    }
    const filter = createEntryFilter(facts);
    progress.phase('Loading rows');
    for (const table of plan.loads)
        await loadTable(connection, table, load, { freeze: table.own });
    if (plan.added.length > 0) {
        const rows = await connection.query(CONFIGURATION_ROWS, [keptExtensions(plan.detail, facts)]);
        await restore_rows_run(connection, rows.map(({ sql }) => sql), 'Emptying the tables of extensions');
        for (const table of plan.added)
            await loadTable(connection, table, load, { freeze: false });
    }
    if (!choice.isPart)
        await restore_rows_run(connection, [UNLINK_LARGE_OBJECTS], 'Removing large objects');
    for (const script of plan.largeObjects)
        await runScript(connection, script, filter, load);
    for (const script of plan.sequences) {
        await runScript(connection, script, filter, { ...load, rewrite: statement => setsBack(statement, targets, choice) });
    }
    progress.phase('Checking foreign keys');
    await restore_rows_run(connection, targets.after, 'Putting back foreign keys and triggers');
    const views = plan.last.filter(one => targets.present.has(entry_subject_keyOf(subjectOf(one) ?? restore_rows_NOTHING)));
    if (views.length > 0)
        progress.phase('Filling materialized views');
    await runEntries(connection, views, { filter, signal, atomic: true });
    return { lanes: [connection], problems: [...rowProblems(targets, choice), ...filter.problems()] };
}
const restore_rows_NOTHING = { schema: '', name: '' };
/** `setval` outlives a rollback, unless the sequence was given a new file in the same transaction, as RESTART does. */
function setsBack(statement, { present }, { isPart, relations }) {
    const sequence = sequenceIn(statement);
    if (sequence === undefined)
        return [statement];
    const key = entry_subject_keyOf(sequence);
    if (isPart && !relations.has(key))
        return [];
    if (!present.has(key)) {
        throw new errors/* ComebackError */.U$('mismatch', `The target lacks the sequence ${displayName(sequence)}, whose value would be set.`, {
            hint: 'Nothing was changed. Restore its table without --data-only, or leave it out.',
        });
    }
    return [`ALTER SEQUENCE ${qualified(sequence)} RESTART`, statement];
}
/** Also for the plan of a restore, before anything is done. */
function rowProblems({ crossing, strange }, { plan }) {
    const unread = plan.detail.excludedData.map(displayName);
    const lines = [
        ...(unread.length === 0 ? [] : [`Tables whose rows the backup was made without keep theirs: ${listed(unread)}.`]),
        ...(strange.length === 0 ? [] : [`Partitions that the backup doesn't hold keep their rows: ${listed(strange)}.`]),
        ...(crossing.length === 0
            ? []
            : [
                `Foreign keys to or from tables that were not chosen are checked against the rows there: ${listed(crossing)}.`,
            ]),
    ];
    return lines.map(message => ({ severity: 'warning', message }));
}
async function restore_rows_run(connection, statements, what) {
    for (let first = 0; first < statements.length; first += restore_rows_BATCH) {
        const batch = statements.slice(first, first + restore_rows_BATCH);
        const failure = await runBatch(connection, batch);
        if (failure === undefined)
            continue;
        const told = serverError(failure.error, what);
        throw new errors/* ComebackError */.U$(told.code, `${told.message} The statement: ${batch[failure.index] ?? ''}`, {
            hint: told.hint ?? 'Nothing was changed.',
            cause: failure.error,
        });
    }
}

;// CONCATENATED MODULE: ./build/postgres/restore/preview-choice.js





/** Names that a loss is told with. */
const preview_choice_EXAMPLES = 5;
/** Throws what the restore would be refused for. */
async function previewChoice(connection, choice) {
    if (choice.what === 'data') {
        const targets = await findRowTargets(connection, choice);
        return {
            losses: loss('the rows of', 'table', targets.emptied),
            problems: rowProblems(targets, choice),
        };
    }
    await refuseDependents(connection, choice);
    const colliding = (await collisions(connection, choice)).filter(({ schema }) => !choice.schemas.includes(schema));
    const inside = choice.schemas.length === 0 ? undefined : await inspectTarget(connection, choice.schemas);
    return {
        losses: [
            ...loss('', 'table or view', colliding.filter(({ relkind }) => relkind !== 'S')),
            ...loss('', 'sequence', colliding.filter(({ relkind }) => relkind === 'S')),
            ...Object.entries(inside?.counts ?? {})
                .filter(([kind]) => kind !== 'large object')
                .map(([kind, number]) => ({
                what: `${number} ${kind}${number === 1 ? '' : 's'} in chosen schemas`,
                names: inside?.namesOf[kind] ?? [],
            })),
        ],
        problems: [],
    };
}
function loss(before, noun, found) {
    if (found.length === 0)
        return [];
    const plural = found.length === 1 ? noun : noun.replace(/(\w+)/g, word => (word === 'or' ? word : `${word}s`));
    return [
        {
            what: `${before} ${found.length.toLocaleString('en')} ${plural}`.trim(),
            names: found.slice(0, preview_choice_EXAMPLES).map(displayName),
        },
    ];
}

;// CONCATENATED MODULE: ./build/postgres/restore/swap/create-beside.js
/** A new, empty database that is like the old one in all that a database has besides its contents. */


/** GUCs whose stored values are lists of quoted names already; pg_dump knows the same ones. */
const LISTS = [
    'local_preload_libraries',
    'search_path',
    'session_preload_libraries',
    'shared_preload_libraries',
    'temp_tablespaces',
    'unix_socket_directories',
];
/** Statements that make the settings and grants of database `$1` again on database `$2`; the settings of roles in it, too. */
const CARRIED = `
  WITH settings AS (
    SELECT s.setrole, split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value, place
      FROM pg_catalog.pg_db_role_setting s
      JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase AND d.datname = $1
     CROSS JOIN LATERAL unnest(s.setconfig) WITH ORDINALITY AS u(c, place)
  )
  SELECT sql FROM (
    SELECT 1 AS step, place,
           CASE setrole WHEN 0 THEN pg_catalog.format('ALTER DATABASE %I', $2::text)
                        ELSE pg_catalog.format('ALTER ROLE %I IN DATABASE %I', pg_catalog.pg_get_userbyid(setrole), $2::text) END
           || ' SET ' || (SELECT string_agg(pg_catalog.quote_ident(part), '.') FROM unnest(pg_catalog.string_to_array(name, '.')) part)
           || ' TO ' || CASE WHEN name = ANY($3) THEN COALESCE(NULLIF(value, ''), '''''') ELSE pg_catalog.quote_literal(value) END AS sql
      FROM settings
    UNION ALL
    SELECT 2, 0, pg_catalog.format('REVOKE ALL ON DATABASE %I FROM PUBLIC, %I', $2::text, pg_catalog.pg_get_userbyid(datdba))
      FROM pg_catalog.pg_database WHERE datname = $1 AND datacl IS NOT NULL
    UNION ALL
    SELECT DISTINCT 3, 0, pg_catalog.format('GRANT %s ON DATABASE %I TO ', x.privilege_type, $2::text)
           || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END
           || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
      FROM pg_catalog.pg_database CROSS JOIN LATERAL pg_catalog.aclexplode(datacl) x WHERE datname = $1
  ) s ORDER BY step, place, sql`;
/** Throws what the server says if it makes no such database. */
async function createBeside(maintenance, old, name) {
    const { escapeIdentifier: id, escapeLiteral: literal } = esm/* default */.Ay;
    const options = [
        `OWNER ${id(old.owner)}`,
        'TEMPLATE template0',
        `ENCODING ${literal(old.encoding)}`,
        `LC_COLLATE ${literal(old.collate)}`,
        `LC_CTYPE ${literal(old.ctype)}`,
        ...localeOptions(old),
        ...(old.tablespace === 'pg_default' ? [] : [`TABLESPACE ${id(old.tablespace)}`]),
    ];
    try {
        await maintenance.query(`CREATE DATABASE ${id(name)} ${options.join(' ')}`);
    }
    catch (error) {
        throw serverError(error, `Creating the database ${name} beside ${old.name}`);
    }
}
/** Settings, grants, comment. What the role may not make again is told with the statement that somebody else can run. */
async function carryOver(maintenance, old, name) {
    const carried = await maintenance.query(CARRIED, [old.name, name, LISTS]);
    const statements = [
        ...carried.map(({ sql }) => sql),
        ...(old.comment === null
            ? []
            : [`COMMENT ON DATABASE ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name)} IS ${esm/* default.escapeLiteral */.Ay.escapeLiteral(old.comment)}`]),
    ];
    const problems = [];
    for (const sql of statements) {
        try {
            await maintenance.query(sql);
        }
        catch (error) {
            const { code, message } = serverError(error, 'Carrying over');
            if (code === 'connection' || code === 'cancelled')
                throw error;
            problems.push({
                severity: 'warning',
                message: `Something of the old database ${old.name} could not be carried over to the new one: ${message}`,
                hint: `Somebody who may can run: ${sql.replaceAll(name, old.name)}`,
            });
        }
    }
    return problems;
}
/** What cannot be carried over, and is known beforehand. */
function staysBehind({ name, slots, hasSecurityLabels }) {
    return [
        ...(slots.length === 0
            ? []
            : [
                {
                    severity: 'warning',
                    message: `Replication slots belong to the old database ${name} and stay with it: ${slots.join(', ')}.`,
                    hint: 'Their consumers must begin anew with slots of the new database.',
                },
            ]),
        ...(hasSecurityLabels
            ? [{ severity: 'warning', message: `Security labels of the database ${name} are not carried over.` }]
            : []),
    ];
}
function localeOptions({ provider, locale, icuRules }) {
    if (provider === null)
        return [];
    if (provider === 'c' || locale === null)
        return ['LOCALE_PROVIDER libc'];
    if (provider === 'b')
        return ['LOCALE_PROVIDER builtin', `BUILTIN_LOCALE ${esm/* default.escapeLiteral */.Ay.escapeLiteral(locale)}`];
    return [
        'LOCALE_PROVIDER icu',
        `ICU_LOCALE ${esm/* default.escapeLiteral */.Ay.escapeLiteral(locale)}`,
        ...(icuRules === null ? [] : [`ICU_RULES ${esm/* default.escapeLiteral */.Ay.escapeLiteral(icuRules)}`]),
    ];
}

;// CONCATENATED MODULE: ./build/postgres/restore/swap/exchange-names.js
var exchange_names_addDisposableResource = (undefined && undefined.__addDisposableResource) || function (env, value, async) {
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
var exchange_names_disposeResources = (undefined && undefined.__disposeResources) || (function (SuppressedError) {
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
 * The step that counts: two databases change their names in one transaction. So there is nothing to undo, whatever happens: an
 * error, a lost connection or a killed process rolls both renames back. `ALTER DATABASE … RENAME` locks the database against
 * new sessions (they wait), and waits itself for up to 5 seconds until the old ones have gone; nothing else has to be set.
 */






/** Milliseconds for all attempts together. */
const PATIENCE = 30_000;
/** Milliseconds that new sessions are let in between two attempts. */
const exchange_names_PAUSE = 500;
/** Milliseconds after which the server surely holds the lock that keeps new sessions out. */
const exchange_names_LOCKED = 200;
const exchange_names_LOCK_TIMEOUT = '5s';
const exchange_names_IN_USE = '55006';
/** `maintenance` opens connections to another database. Throws `timeout` with who is in the way, or what the server says. Then both databases bear the names that they had. */
async function exchangeNames(maintenance, exchange, patience = PATIENCE) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const { signal } = maintenance;
        const connection = exchange_names_addDisposableResource(env_1, await maintenance.open({ lock_timeout: exchange_names_LOCK_TIMEOUT }), true);
        const watcher = exchange_names_addDisposableResource(env_1, await maintenance.open(), true);
        for (const started = performance.now();;) {
            try {
                return await exchange_names_attempt(connection, watcher, exchange);
            }
            catch (error) {
                signal.throwIfAborted();
                if (isConnectionLoss(error))
                    throw serverError(error, `Renaming ${exchange.name}`);
                await connection.query('ROLLBACK');
                const inUse = sqlStateOf(error) === exchange_names_IN_USE || isLockTimeout(error);
                if (!inUse)
                    throw serverError(error, `Renaming ${exchange.name} to ${exchange.kept}`);
                if (performance.now() - started >= patience)
                    throw await exchange_names_inTheWay(watcher, exchange, error);
                await (0,external_node_timers_promises_.setTimeout)(exchange_names_PAUSE, undefined, { signal });
            }
        }
    }
    catch (e_1) {
        env_1.error = e_1;
        env_1.hasError = true;
    }
    finally {
        const result_1 = exchange_names_disposeResources(env_1);
        if (result_1)
            await result_1;
    }
}
async function exchange_names_attempt(connection, watcher, exchange) {
    const { name, kept, fresh, endSessions } = exchange;
    const enough = new AbortController();
    const ending = endSessions ? endOthers(watcher, [name, fresh], enough.signal) : undefined;
    try {
        await connection.query('BEGIN');
        await connection.query(`ALTER DATABASE ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name)} RENAME TO ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(kept)}`);
        await connection.query(`ALTER DATABASE ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(fresh)} RENAME TO ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name)}`);
    }
    finally {
        enough.abort();
        await ending;
    }
    await connection.query('COMMIT');
}
/** Not before the lock keeps them from coming back. */
async function endOthers(watcher, databases, enough) {
    await (0,external_node_timers_promises_.setTimeout)(exchange_names_LOCKED, undefined, { signal: enough }).catch(() => enough.aborted);
    await keepEnding(watcher, databases, enough);
}
async function exchange_names_inTheWay(watcher, { name, fresh }, cause) {
    const sessions = await sessionsOf(watcher, [name, fresh]);
    const prepared = await preparedIn(watcher, [name, fresh]);
    const said = cause instanceof Error ? cause.message : String(cause);
    const who = [
        ...(sessions.length === 0 ? [] : [describeSessions(sessions, name)]),
        ...(prepared.length === 0 ? [] : [`Prepared transactions of it: ${prepared.join(', ')}.`]),
    ];
    return new errors/* ComebackError */.U$('timeout', `${name} could not be renamed: ${who.length === 0 ? said : who.join(' ')}`, {
        hint: adviceOn(sessions.some(({ mayEnd }) => !mayEnd)),
        cause,
    });
}
function adviceOn(foreign) {
    return foreign
        ? 'The restoring role may not end these sessions. Stop what they belong to, or grant the role pg_signal_backend and use --end-sessions; a superuser’s sessions only a superuser can end.'
        : 'Stop what is connected and restore again, or use --end-sessions: the sessions are ended in the moment of the swap.';
}

;// CONCATENATED MODULE: ./build/postgres/restore/swap/maintenance.js
var maintenance_addDisposableResource = (undefined && undefined.__addDisposableResource) || function (env, value, async) {
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
var maintenance_disposeResources = (undefined && undefined.__disposeResources) || (function (SuppressedError) {
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
/** A connection to another database of the same server: from inside of a database it can be neither renamed nor dropped. */



/** Present on nearly every server; the second one only in case, as it should be in nobody's way. */
const USUAL = ['postgres', 'template1'];
/** Databases of other people that are tried after them. */
const OTHERS = 3;
const ALLOWED = `
  SELECT datname AS name FROM pg_catalog.pg_database
   WHERE datallowconn AND NOT datistemplate AND pg_catalog.has_database_privilege(oid, 'CONNECT') AND datname <> ALL($1)
   ORDER BY datname LIMIT ${OTHERS}`;
/**
 * The options of a database that is none of `busy`, and that can be connected to. `connection` leads to any database of the
 * server. Throws `permission`, with what was tried.
 */
async function findMaintenance(connection, target, busy) {
    const own = parseDatabaseUrl(target.url).database;
    const others = await connection.query(ALLOWED, [[...USUAL, ...busy]]);
    const names = new Set([own, ...USUAL, ...others.map(({ name }) => name)]);
    const reasons = [];
    for (const name of names) {
        if (busy.includes(name))
            continue;
        const options = { ...target, url: inDatabase(target.url, name) };
        try {
            const env_1 = { stack: [], error: void 0, hasError: false };
            try {
                const probe = maintenance_addDisposableResource(env_1, await openForClearingUp(options), true);
                await probe.query('SELECT 1');
                return options;
            }
            catch (e_1) {
                env_1.error = e_1;
                env_1.hasError = true;
            }
            finally {
                const result_1 = maintenance_disposeResources(env_1);
                if (result_1)
                    await result_1;
            }
        }
        catch (error) {
            reasons.push((0,errors/* asComebackError */.Mx)(error).message);
        }
    }
    throw new errors/* ComebackError */.U$('permission', `No other database of the server lets this role in, from which ${busy.join(' and ')} could be renamed: ${reasons.join(' ')}`, { hint: 'Grant CONNECT on the database postgres, or on any other one, to the role.' });
}

;// CONCATENATED MODULE: ./build/postgres/restore/swap/old-database.js
/** What a swap must know of the database that it replaces: what the new one needs to be like, and who may do what with it. */




/** Columns that came with later versions are read by way of JSON. */
const DATABASE = `
  SELECT d.oid::int AS oid, d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
         pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
         j.doc ->> 'datlocprovider' AS provider,
         COALESCE(j.doc ->> 'datlocale', j.doc ->> 'daticulocale') AS locale, j.doc ->> 'daticurules' AS "icuRules",
         t.spcname AS tablespace, d.datconnlimit AS "connectionLimit",
         pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
         pg_catalog.pg_database_size(d.oid)::text AS bytes,
         ARRAY(SELECT datname::text FROM pg_catalog.pg_database ORDER BY 1) AS databases,
         ARRAY(SELECT slot_name::text FROM pg_catalog.pg_replication_slots WHERE database = d.datname) AS slots,
         EXISTS (SELECT FROM pg_catalog.pg_shseclabel l
                  WHERE l.objoid = d.oid AND l.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass) AS "hasSecurityLabels",
         pg_catalog.json_build_object(
           'user', current_user, 'mayCreate', r.rolcreatedb OR r.rolsuper,
           'isOwner', pg_catalog.pg_has_role(d.datdba, 'USAGE'), 'mayGive', pg_catalog.pg_has_role(d.datdba, $1),
           'mayUseTablespace', t.spcname = 'pg_default' OR pg_catalog.has_tablespace_privilege(t.oid, 'CREATE'),
           'isTemplate', d.datistemplate,
           'subscriptions', ARRAY(SELECT subname FROM pg_catalog.pg_subscription WHERE subdbid = d.oid AND subenabled)) AS rights
    FROM pg_catalog.pg_database d
    JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
    JOIN pg_catalog.pg_roles r ON r.rolname = current_user
   CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(d) AS doc) j
   WHERE d.datname = pg_catalog.current_database()`;
/** The connection is one to the database itself. */
async function readOldDatabase(connection) {
    // Before 16, membership was enough to give something to a role.
    const give = connection.serverVersion >= 160_000 ? 'SET' : 'MEMBER';
    const [row] = await connection.query(DATABASE, [give]);
    if (row === undefined)
        throw new Error('pg_database does not know the current database');
    return { ...row, bytes: Number(row.bytes) };
}
/** Throws `permission` or `unsupported` for whatever the server would refuse later, before anything is done. */
function refuseSwap(old, url) {
    const { rights, name } = old;
    if (parseDatabaseUrl(url).database !== name) {
        throw new errors/* ComebackError */.U$('unsupported', `The URL reaches the database ${name} under another name.`, {
            hint: 'A pooler is between. --mode swap needs the direct URL of the server.',
        });
    }
    if (rights.isTemplate) {
        throw new errors/* ComebackError */.U$('unsupported', `The database ${name} is a template, and cannot be swapped.`, {
            hint: 'Use --mode atomic.',
        });
    }
    if (rights.subscriptions.length > 0) {
        const disable = rights.subscriptions.map(one => `ALTER SUBSCRIPTION ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(one)} DISABLE`);
        throw new errors/* ComebackError */.U$('unsupported', `The database ${name} subscribes to another one: its worker keeps the database from being renamed.`, { hint: `Before the restore: ${disable.join('; ')}` });
    }
    const missing = missingRights(old);
    if (missing.length === 0)
        return;
    throw new errors/* ComebackError */.U$('permission', `To restore beside ${name} and swap the two, the role ${rights.user} lacks ${missing.map(one => one.what).join(', and ')}.`, {
        hint: `Nothing was changed. Grant it (${missing.map(one => one.grant).join('; ')}), or use --mode atomic, which needs none of that.`,
    });
}
function missingRights({ rights, owner, tablespace, name }) {
    const user = esm/* default.escapeIdentifier */.Ay.escapeIdentifier(rights.user);
    const grant = `GRANT ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(owner)} TO ${user}`;
    return [
        ...(rights.mayCreate
            ? []
            : [{ what: 'the right to create databases (CREATEDB)', grant: `ALTER ROLE ${user} CREATEDB` }]),
        ...(rights.isOwner ? [] : [{ what: `ownership of ${name}, which belongs to ${owner}`, grant }]),
        ...(rights.mayGive || !rights.isOwner
            ? []
            : [{ what: `the right to create a database for ${owner}`, grant: `${grant} WITH SET TRUE` }]),
        ...(rights.mayUseTablespace
            ? []
            : [
                {
                    what: `the right to create in the tablespace ${tablespace}`,
                    grant: `GRANT CREATE ON TABLESPACE ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(tablespace)} TO ${user}`,
                },
            ]),
    ];
}
/** Remains of earlier swaps, as people should hear of them. */
function leftoverProblems({ name, databases }) {
    const { kept, restoring } = leftoversOf(name, databases);
    const discard = (one) => `comeback restore --discard ${one} --confirm ${one}`;
    return [
        ...restoring.map(one => ({
            severity: 'warning',
            message: `The database ${one} is left of a restore that was killed, unless one is running now.`,
            hint: `To drop it: ${discard(one)}`,
        })),
        ...kept.map(one => ({
            severity: 'warning',
            message: `The database ${one}, kept by an earlier swap, still takes up space.`,
            hint: `To drop it: ${discard(one)}`,
        })),
    ];
}

;// CONCATENATED MODULE: ./build/postgres/restore/swap/preview-swap.js






/** Throws what the restore would be refused for, but for sessions, which come and go: they are only told. */
async function previewSwap(connection, target, { id }, endSessions) {
    const old = await readOldDatabase(connection);
    refuseSwap(old, target.url);
    await findMaintenance(connection, target, [old.name]);
    const sessions = await sessionsOf(connection, [old.name]);
    const disturbing = endSessions ? sessions.filter(({ mayEnd }) => !mayEnd) : sessions;
    return {
        kept: keptName(old.name, id, new Set(old.databases)),
        problems: [
            ...(disturbing.length === 0
                ? []
                : [
                    {
                        severity: 'warning',
                        message: `${describeSessions(disturbing, old.name)} While anybody is connected, the restore is refused.`,
                        hint: adviceOn(disturbing.some(({ mayEnd }) => !mayEnd)),
                    },
                ]),
            ...leftoverProblems(old),
            ...staysBehind(old),
        ],
    };
}
/** What is true of the new database, as far as it differs from the old one. */
function freshFacts(facts) {
    // Since 15, schema public of a new database belongs to whoever owns the database.
    const ours = facts.superuser || facts.version >= 150_000;
    const plpgsql = facts.extensions.get('plpgsql');
    return {
        ...facts,
        schemas: new Map([['public', { owner: facts.version >= 150_000 ? 'pg_database_owner' : 'postgres', ours }]]),
        extensions: new Map(plpgsql === undefined ? [] : [['plpgsql', { ...plpgsql, ours: facts.superuser }]]),
        subscriptions: new Set(),
    };
}

;// CONCATENATED MODULE: ./build/postgres/restore/target-facts.js
async function targetFacts(connection) {
    // Before 16, membership was enough to SET ROLE and to give objects away.
    const assume = connection.serverVersion >= 160000 ? 'SET' : 'MEMBER';
    const [row] = await connection.query(`SELECT pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, current_user AS user,
            (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
            (SELECT rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user) AS "createRole",
            (SELECT json_object_agg(nspname, ARRAY(SELECT rolname FROM pg_catalog.pg_roles r
                                     WHERE pg_catalog.pg_has_role(r.oid, $1) AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')))
               FROM pg_catalog.pg_namespace n
              WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
                AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)) AS creators,
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
        createRole: row.createRole,
        roles: new Map(Object.entries(row.roles ?? {})),
        extensions: new Map(Object.entries(row.extensions ?? {})),
        available: new Set(row.available),
        tablespaces: new Set(row.tablespaces),
        schemas: new Map(Object.entries(row.schemas ?? {})),
        subscriptions: new Set(row.subscriptions),
        creators: new Map(Object.entries(row.creators ?? {}).map(([schema, roles]) => [schema, new Set(roles)])),
    };
}

;// CONCATENATED MODULE: ./build/postgres/restore/preview.js















/** Names that a loss is told with. */
const preview_EXAMPLES = 5;
/** Throws what keeps it from looking: the connection, a damaged backup. */
async function previewRestore(sessions, options, selection, backup, progress) {
    progress.phase('Looking at the target');
    const connection = await sessions.open();
    await connection.query('BEGIN TRANSACTION READ ONLY');
    const { description } = connection;
    const contents = await inspectTarget(connection);
    const target = { description, contents, database: await databaseName(connection) };
    const facts = await targetFacts(connection);
    const chosen = await planChosen(connection, facts, selection, backup, progress, sessions.signal);
    const { choice, skipped } = chosen;
    const refusals = [];
    const attempt = async (step) => {
        try {
            return await step();
        }
        catch (error) {
            if (!(0,errors/* hasCode */.up)(error, 'usage', 'not-empty', 'unsupported', 'mismatch', 'permission'))
                throw error;
            refusals.push(error);
            return undefined;
        }
    };
    await attempt(() => refuseOtherName(options, target));
    const mode = await attempt(() => modeFor(selection, options, target));
    const compatibility = (await attempt(() => checkCompatibility(choice, facts, mode ?? 'atomic'))) ?? [];
    const swap = mode === 'swap' ? previewSwap(connection, options, backup, options.endSessions ?? false) : undefined;
    const swapped = swap && (await attempt(() => swap));
    const isInPlace = mode !== undefined && mode !== 'swap';
    const found = isInPlace ? await attempt(() => lookAhead(connection, choice, facts, contents)) : undefined;
    const roles = options.createRoles ? missingRoles(choice.plan, facts) : [];
    await attempt(() => refuseRoles(roles, facts));
    const [refusal] = refusals;
    return {
        kind: 'database',
        place: description,
        database: target.database,
        user: facts.currentUser,
        server: await serverText(connection),
        ...madeFrom(choice.plan.detail),
        ...(isPart(selection) || selection.what !== 'all' ? { chosen: selectionText(selection) } : {}),
        ...(contents === undefined ? {} : { holds: await holdings(connection, contents) }),
        ...(mode === undefined ? {} : { mode }),
        ...(swapped === undefined ? {} : { kept: swapped.kept }),
        needsConfirmation: needsConfirmation(target),
        losses: found?.losses ?? [],
        problems: [
            ...compatibility,
            ...chosen.problems,
            ...skippedProblems(skipped),
            ...(found?.problems ?? []),
            ...(swapped?.problems ?? []),
            ...roleProblems(roles),
            ...(mode === undefined
                ? []
                : leftOut(choice, withRoles(mode === 'swap' ? freshFacts(facts) : facts, roles), mode)),
        ],
        ...(refusal === undefined ? {} : { refusal: preview_refusalOf(refusal) }),
    };
}
async function serverText(connection) {
    const [row] = await connection.query("SELECT pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1) AS version");
    return `PostgreSQL ${row?.version}`;
}
function madeFrom({ database, serverVersion }) {
    if (database === '')
        return {};
    const [major, minor] = [Math.floor(serverVersion / 10_000), serverVersion % 10_000];
    return { madeFrom: { database, server: `PostgreSQL ${major}.${minor}` } };
}
async function holdings(connection, { counts, examples }) {
    const [row] = await connection.query('SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS bytes');
    return { counts, examples, bytes: Number(row?.bytes ?? 0) };
}
async function lookAhead(connection, choice, facts, contents) {
    if (choice.isPart || choice.what === 'data')
        return await previewChoice(connection, choice);
    if (contents === undefined)
        return { losses: [], problems: [] };
    return {
        losses: await losses(connection, choice.plan, facts),
        problems: lockProblems(await lockNeeds(connection, choice.plan)),
    };
}
/** What `resetTarget` would drop. */
async function losses(connection, { detail }, facts) {
    const schemas = detail.schemas.filter(schema => facts.schemas.has(schema));
    const inside = await inspectTarget(connection, schemas);
    const outside = await connection.query(DEPENDENTS_OUTSIDE, [schemas]);
    const extensions = doomedExtensions(detail, facts);
    return [
        ...Object.entries(inside?.counts ?? {})
            .filter(([kind]) => kind !== 'large object' || !detail.schemaOnly)
            .map(([kind, number]) => ({ what: counted(number, kind), names: inside?.namesOf[kind] ?? [] })),
        ...group(outside.map(({ name }) => name), 'object that depends on them', 'objects that depend on them'),
        ...group(extensions, 'extension', 'extensions'),
    ];
}
function group(names, one, many) {
    if (names.length === 0)
        return [];
    return [{ what: `${names.length} ${names.length === 1 ? one : many}`, names: names.slice(0, preview_EXAMPLES) }];
}
/** Every statement goes through the filter that the restore itself would use. */
function leftOut({ plan, isPart }, facts, mode) {
    const filter = createEntryFilter(facts);
    for (const planned of [...plan.preData, ...plan.postData, ...plan.permissions, ...plan.last]) {
        if (filter.adapt(planned).length > 0)
            filter.adaptTablespace(planned.entry.settings.default_tablespace ?? '');
    }
    return [...(mode === 'atomic' && !isPart ? resetProblems(plan.detail, facts, []) : []), ...filter.problems()];
}
function preview_refusalOf(error) {
    const { code, message, hint } = (0,errors/* asComebackError */.Mx)(error);
    return { code, message, hint };
}
function counted(count, noun) {
    return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
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
async function removeRestored(target, plan, facts, roles = []) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const connection = remove_restored_addDisposableResource(env_1, await openForClearingUp(target), true);
        const entries = [...plan.preData, ...plan.postData, ...plan.permissions, ...plan.last].map(({ entry }) => entry);
        await removeSubscriptions(connection, facts.subscriptions);
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
        await removeRoles(connection, roles);
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
/** Those that a restore made, as far as it came, with the grants that they were given in this database. */
async function removeRoles(connection, roles) {
    const made = await connection.query('SELECT rolname::text AS name FROM pg_catalog.pg_roles WHERE rolname = ANY($1)', [roles]);
    await drop(connection, made.map(({ name }) => esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name)).flatMap(role => [`DROP OWNED BY ${role}`, `DROP ROLE ${role}`]));
}
/** Without a word to the server that they subscribe to: their slots there are not ours to drop. */
async function removeSubscriptions(connection, staying) {
    const rows = await connection.query(`SELECT subname::text AS name FROM pg_catalog.pg_subscription
      WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`);
    for (const { name } of rows.filter(row => !staying.has(row.name))) {
        const subscription = `SUBSCRIPTION ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(name)}`;
        await drop(connection, [
            `ALTER ${subscription} DISABLE`,
            `ALTER ${subscription} SET (slot_name = NONE)`,
            `DROP ${subscription}`,
        ]);
    }
}

;// CONCATENATED MODULE: ./build/postgres/restore/reset-permitted.js




/** Statements that the warning names. */
const reset_permitted_NAMED = 5;
const reset_permitted_BATCH = 64;
const NOT_PERMITTED = '42501';
/** Inside the caller's transaction, at its top level: rows can be loaded as frozen only where no savepoint is open. */
async function resetAsPermitted(connection, detail, entries, facts) {
    await connection.query('SAVEPOINT untouched');
    try {
        const problems = await resetTarget(connection, detail, entries, facts);
        await connection.query('RELEASE SAVEPOINT untouched');
        return { problems };
    }
    catch (refusal) {
        if (!(0,errors/* hasCode */.up)(refusal, 'permission'))
            throw refusal;
        await connection.query('ROLLBACK TO SAVEPOINT untouched; RELEASE SAVEPOINT untouched');
        const left = [];
        const problems = await resetTarget(connection, detail, entries, facts, async (one, statements) => {
            left.push(...(await dropPermitted(one, statements)));
        });
        return { problems: [...problems, staying(left, facts.currentUser)], refusal };
    }
}
/** Returns the statements that the role may not run. */
async function dropPermitted(connection, statements) {
    const left = [];
    for (let first = 0; first < statements.length; first += reset_permitted_BATCH) {
        const batch = statements.slice(first, first + reset_permitted_BATCH);
        if (await tried(connection, batch))
            continue;
        for (const one of batch)
            if (!(await tried(connection, [one])))
                left.push(one);
    }
    return left;
}
async function tried(connection, statements) {
    await connection.query('SAVEPOINT trial');
    const failure = await runBatch(connection, statements);
    if (failure === undefined) {
        await connection.query('RELEASE SAVEPOINT trial');
        return true;
    }
    if (sqlStateOf(failure.error) !== NOT_PERMITTED) {
        // Told in the words of the reset.
        await connection.query('ROLLBACK TO SAVEPOINT trial');
        await drop(connection, statements);
        return true;
    }
    await connection.query('ROLLBACK TO SAVEPOINT trial; RELEASE SAVEPOINT trial');
    return false;
}
function staying(left, user) {
    const named = left
        .slice(0, reset_permitted_NAMED)
        .map(sql => sql.replace(/^DROP (.*?)(?: CASCADE)?$/s, '$1').replace('IF EXISTS ', ''));
    const more = left.length > reset_permitted_NAMED ? ` and ${left.length - reset_permitted_NAMED} more` : '';
    return {
        severity: 'warning',
        message: `The target could not be emptied as a whole: ${user} may not drop or change ${named.join(', ')}${more}. That stays as it is; all else was replaced, in one transaction.`,
        hint: 'To have it replaced too, restore as the role that owns it.',
    };
}

;// CONCATENATED MODULE: ./build/postgres/restore/restore-atomic.js
/**
 * All in one transaction on one connection: the target either becomes the backup or stays exactly as it was, and nobody sees
 * anything between the two.
 */










async function restoreAtomically(context) {
    return await inOneTransaction(context, () => replace(context));
}
async function replace(context) {
    const { connection, plan, facts, load, choice } = context;
    const { progress, signal } = load;
    progress.phase('Emptying the target');
    const entries = [...plan.preData, ...plan.postData, ...plan.permissions, ...plan.last].map(({ entry }) => entry);
    await createRoles(connection, context.roles ?? [], facts);
    const reset = choice?.isPart
        ? { problems: await resetChoice(connection, choice, facts) }
        : await resetAsPermitted(connection, plan.detail, entries, facts);
    try {
        return await fill(context, reset);
    }
    catch (error) {
        if (reset.refusal === undefined || signal.aborted)
            throw error;
        const { code, message, hint } = (0,errors/* asComebackError */.Mx)(error);
        throw new errors/* ComebackError */.U$(code, `${message} This was tried without emptying the target as a whole, which was refused first: ${reset.refusal.message}`, { hint: reset.refusal.hint ?? hint, cause: error });
    }
}
async function fill({ connection, plan, load }, reset) {
    const { progress, signal } = load;
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
    return { lanes: [connection], problems: [...reset.problems, ...filter.problems()] };
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
        ...(plan.added.length === 0 ? [] : [alone(lane_tasks_sum(plan.added), connection => loadAdded(connection, plan.added, load))]),
        ...scripts.map(segments => alone(lane_tasks_sum(segments), async (connection) => {
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
function lane_tasks_sum(of) {
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
    const roles = context.roles ?? [];
    await createRoles(connection, roles, context.facts);
    const filter = createEntryFilter(roles.length === 0 ? context.facts : await targetFacts(connection));
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
    await restore_parallel_flush(connection);
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
async function restore_parallel_flush(connection) {
    await connection.query('SET synchronous_commit = on');
    await connection.query('SELECT pg_catalog.pg_current_xact_id()');
}

;// CONCATENATED MODULE: ./build/postgres/restore/swap/compare-counts.js
/** The proof of a restore before it goes live: as many rows in each table as the backup's index says. */




/** Throws `mismatch`. Rows that join those of an extension are not looked at: how many there are is the extension's affair. */
async function compareCounts(lanes, plan) {
    await runTasks(lanes, expectedRows(plan).map(expected => ({
        weight: expected.rows,
        needs: [],
        shared: [],
        exclusive: [],
        run: lane => compare(lane, expected),
    })));
}
/** Without the tables whose rows the index does not count. */
function expectedRows({ loads }) {
    return loads.flatMap(({ into, own, ranges }) => {
        const counts = ranges.map(({ rows }) => rows);
        if (counts.includes(undefined))
            return [];
        return [{ table: into, routed: !own, rows: counts.reduce((sum, rows) => sum + (rows ?? 0), 0) }];
    });
}
async function compare(lane, { table, routed, rows }) {
    let counted;
    try {
        const [row] = await lane.query(`SELECT count(*) AS count FROM ${routed ? '' : 'ONLY '}${qualified(table)}`);
        counted = Number(row?.count);
    }
    catch (error) {
        throw serverError(error, `Counting the rows of ${displayName(table)}`);
    }
    if (routed ? counted >= rows : counted === rows)
        return;
    throw new errors/* ComebackError */.U$('mismatch', `${displayName(table)} holds ${counted} rows, the backup ${rows}.`);
}

;// CONCATENATED MODULE: ./build/postgres/restore/swap/refuse-others.js
/** A restore of an hour should not end with the news that somebody is connected: said before it begins. */



/** Milliseconds that passing visitors get to leave. */
const refuse_others_PATIENCE = 5_000;
/** Throws `timeout` where sessions of others would keep the database from being renamed, and may or must not be ended. */
async function refuseOthers(connection, database, endSessions, signal, patience = refuse_others_PATIENCE) {
    const prepared = await preparedIn(connection, [database]);
    if (prepared.length > 0) {
        throw new errors/* ComebackError */.U$('timeout', `${database} holds prepared transactions: ${prepared.join(', ')}.`, {
            hint: 'Nothing was changed. COMMIT PREPARED or ROLLBACK PREPARED them first: they keep the database from being renamed.',
        });
    }
    const left = await sessionsAfter(connection, database, endSessions ? 0 : patience, signal);
    const disturbing = endSessions ? left.filter(({ mayEnd }) => !mayEnd) : left;
    if (disturbing.length === 0)
        return;
    throw new errors/* ComebackError */.U$('timeout', `${describeSessions(disturbing, database)} Nobody may be connected when the databases are swapped.`, { hint: `Nothing was changed. ${adviceOn(disturbing.some(({ mayEnd }) => !mayEnd))}` });
}

;// CONCATENATED MODULE: ./build/postgres/restore/restore-swap.js
var restore_swap_addDisposableResource = (undefined && undefined.__addDisposableResource) || function (env, value, async) {
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
var restore_swap_disposeResources = (undefined && undefined.__disposeResources) || (function (SuppressedError) {
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
 * Into a new database beside the old one, by several lanes; checked; then both change their names in one transaction. Until
 * then nothing of the old database is touched, and after it the old one is there still, under another name.
 */
















/**
 * `context` is that of the old database, whose connection is closed. On any failure the new database is dropped again, and the
 * error says whether that worked. Throws `permission` and `timeout` besides what a restore throws.
 */
async function restoreBySwap(context, endSessions) {
    const { connection, target, load } = context;
    const { signal, backup, progress } = load;
    const old = await readOldDatabase(connection);
    refuseSwap(old, target.url);
    const fresh = restoringName(old.name);
    const kept = keptName(old.name, backup.id, new Set(old.databases));
    const elsewhere = await findMaintenance(connection, target, [old.name]);
    await refuseOthers(connection, old.name, endSessions, signal);
    await connection.close();
    const maintenance = restoreSessions(elsewhere, signal);
    const problems = [...leftoverProblems(old), ...staysBehind(old)];
    let lanes = 0;
    try {
        progress.phase(`Creating the database ${fresh}`);
        problems.push(...(await restore_swap_create(maintenance, old, fresh)));
        const filled = await restore_swap_fill({ ...context, target: { ...target, url: inDatabase(target.url, fresh) } });
        lanes = filled.lanes;
        problems.push(...filled.problems);
        progress.phase(`Swapping ${fresh} for ${old.name}`);
        await limitConnections(maintenance, old, fresh);
        await exchangeNames(maintenance, { name: old.name, kept, fresh, endSessions });
        await maintenance.close();
    }
    catch (error) {
        const swapped = await clearUp(maintenance, elsewhere, old, fresh, context.roles ?? []).catch((clearing) => {
            throw alsoSaying(error, `${old.name} is as it was. The new database ${fresh} may be left over, as it could not be dropped (${(0,errors/* asComebackError */.Mx)(clearing).message}). To drop it: comeback restore --discard ${fresh} --confirm ${fresh}`);
        });
        if (!swapped)
            throw alsoSaying(error, `The new database was dropped again; ${old.name} is as it was.`);
    }
    return { kept, lanes, problems };
}
async function restore_swap_create(maintenance, old, fresh) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const connection = restore_swap_addDisposableResource(env_1, await maintenance.open(), true);
        await createBeside(connection, old, fresh);
        return await carryOver(connection, old, fresh);
    }
    catch (e_1) {
        env_1.error = e_1;
        env_1.hasError = true;
    }
    finally {
        const result_1 = restore_swap_disposeResources(env_1);
        if (result_1)
            await result_1;
    }
}
async function restore_swap_fill(outer) {
    const sessions = restoreSessions(outer.target, outer.load.signal);
    const { progress } = outer.load;
    try {
        const connection = await sessions.open(LANE_SETTINGS);
        const load = { ...outer.load, signal: sessions.signal };
        const facts = await targetFacts(connection);
        const { lanes, problems } = await restoreInParallel({ ...outer, sessions, connection, facts, load });
        progress.phase('Counting rows');
        await compareCounts(lanes, outer.plan);
        // It goes live the moment it is renamed: it needs its statistics now.
        progress.phase('Collecting statistics');
        const unanalyzed = await analyzeRestored(lanes, outer.plan.detail.schemas, 'all');
        await sessions.close();
        return { lanes: lanes.length, problems: [...problems, ...unanalyzed] };
    }
    catch (error) {
        sessions.fail(error);
        await sessions.close();
        throw error;
    }
}
/** At the end: the lanes may be more than the limit lets in. */
async function limitConnections(maintenance, { connectionLimit }, fresh) {
    const env_2 = { stack: [], error: void 0, hasError: false };
    try {
        if (connectionLimit === -1)
            return;
        const connection = restore_swap_addDisposableResource(env_2, await maintenance.open(), true);
        try {
            await connection.query(`ALTER DATABASE ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(fresh)} CONNECTION LIMIT ${connectionLimit}`);
        }
        catch (error) {
            throw serverError(error, `Limiting the connections of ${fresh}`);
        }
    }
    catch (e_2) {
        env_2.error = e_2;
        env_2.hasError = true;
    }
    finally {
        const result_2 = restore_swap_disposeResources(env_2);
        if (result_2)
            await result_2;
    }
}
/**
 * Drops the new database. Returns true where there is none to drop because it bears the name already: the connection was lost
 * when the server had carried out the swap and not yet said so.
 */
async function clearUp(maintenance, elsewhere, { name, oid }, fresh, roles) {
    const env_3 = { stack: [], error: void 0, hasError: false };
    try {
        await maintenance.close();
        const connection = restore_swap_addDisposableResource(env_3, await openForClearingUp(elsewhere), true);
        await unsubscribe(connection, elsewhere, fresh);
        await connection.query(`DROP DATABASE IF EXISTS ${esm/* default.escapeIdentifier */.Ay.escapeIdentifier(fresh)} WITH (FORCE)`);
        const [row] = await connection.query('SELECT oid::int AS oid FROM pg_catalog.pg_database WHERE datname = $1', [name]);
        const swapped = row !== undefined && row.oid !== oid;
        // What they owned has gone with the database.
        if (!swapped)
            await removeRoles(connection, roles);
        return swapped;
    }
    catch (e_3) {
        env_3.error = e_3;
        env_3.hasError = true;
    }
    finally {
        const result_3 = restore_swap_disposeResources(env_3);
        if (result_3)
            await result_3;
    }
}
/** A database that subscribes to something can't be dropped. */
async function unsubscribe(connection, elsewhere, database) {
    const env_4 = { stack: [], error: void 0, hasError: false };
    try {
        const subscriptions = await connection.query(`SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = $1`, [database]);
        if (subscriptions.length === 0)
            return;
        const inside = restore_swap_addDisposableResource(env_4, await openForClearingUp({ ...elsewhere, url: inDatabase(elsewhere.url, database) }), true);
        await removeSubscriptions(inside, new Set());
    }
    catch (e_4) {
        env_4.error = e_4;
        env_4.hasError = true;
    }
    finally {
        const result_4 = restore_swap_disposeResources(env_4);
        if (result_4)
            await result_4;
    }
}
function alsoSaying(error, more) {
    const { code, message, hint } = (0,errors/* asComebackError */.Mx)(error);
    return new errors/* ComebackError */.U$(code, `${message} ${more}`, { hint, cause: error });
}

;// CONCATENATED MODULE: ./build/postgres/restore.js


















/**
 * `atomic`: in one transaction the target becomes the backup, or stays exactly as it was. `swap`: into a new database, which then
 * takes the target's name; the old one is kept under another. `parallel`: only into an empty
 * target; if it fails or is aborted, what was made is dropped again, and the error says whether that worked.
 *
 * Throws `not-empty`, `unsupported` (encoding, extensions), `permission`, `server-error` naming the entry, `mismatch`,
 * `connection`, `damaged`.
 */
function createDatabaseSink(options) {
    const selection = parseSelection(options.selection);
    return {
        component: 'database',
        identity: identityOf(options.url),
        inspect: (backup, progress, signal) => withSessions(options, signal, sessions => previewRestore(sessions, options, selection, backup, progress)),
        restore: (backup, progress, signal) => withSessions(options, signal, sessions => restoreWith(sessions, options, selection, backup, progress)),
    };
}
async function withSessions(options, outer, work) {
    const sessions = restoreSessions(options, outer);
    const result = await work(sessions).catch(async (error) => {
        await sessions.close().catch(closing => {
            throw restore_alsoSaying(error, `The restore's connections may still be busy on the server: ${(0,errors/* asComebackError */.Mx)(closing).message}`);
        });
        throw error;
    });
    await sessions.close();
    return result;
}
async function restoreWith(sessions, options, selection, backup, progress) {
    progress.phase('Looking at the target');
    const connection = await sessions.open();
    const { description } = connection;
    const target = { description, contents: await inspectTarget(connection), database: await databaseName(connection) };
    refuseOtherName(options, target);
    const mode = modeFor(selection, options, target);
    consent_refuseUnconfirmed(options, target);
    const facts = await targetFacts(connection);
    const chosen = await planChosen(connection, facts, selection, backup, progress, sessions.signal);
    const { choice, skipped } = chosen;
    const { plan } = choice;
    if (plan.detail.schemaOnly)
        progress.phase('Tables will come back without rows');
    const warnings = [...checkCompatibility(choice, facts, mode), ...chosen.problems, ...skippedProblems(skipped)];
    const rewrite = onlyChosenSequences(choice);
    const roles = options.createRoles ? missingRoles(plan, facts) : [];
    refuseRoles(roles, facts);
    const load = { backup, progress, signal: sessions.signal, encoding: textEncoding(plan), ...(rewrite && { rewrite }) };
    const context = { target: options, sessions, connection, plan, facts, load, lanes: options.lanes, choice, roles };
    if (mode === 'swap') {
        const { kept, lanes, problems } = await restoreBySwap(context, options.endSessions ?? false);
        return {
            summary: [
                ...summary(plan, connection, mode, lanes),
                `The database that was there is kept as ${kept}. When it is not needed any more: comeback restore --discard ${kept} --confirm ${kept}`,
            ],
            problems: [...warnings, ...roleProblems(roles), ...problems],
        };
    }
    const restoreIn = {
        atomic: selection.what === 'data' ? restoreRows : restoreAtomically,
        parallel: emptyAgainOnFailure,
    };
    const outcome = await restoreIn[mode](context);
    progress.phase('Collecting statistics');
    const which = mode === 'atomic' ? 'all' : 'partitioned';
    const unanalyzed = await analyzeRestored(outcome.lanes, selection_schemasOf(choice), which);
    return {
        summary: summary(plan, connection, mode, outcome.lanes.length),
        problems: [...warnings, ...roleProblems(roles), ...outcome.problems, ...unanalyzed],
    };
}
async function emptyAgainOnFailure(context) {
    const { connection, sessions } = context;
    try {
        await connection.query(`SET synchronous_commit = ${LANE_SETTINGS.synchronous_commit}`);
        return await restoreInParallel(context);
    }
    catch (error) {
        sessions.fail(error);
        throw restore_alsoSaying(error, await restore_clearUp(context));
    }
}
function restore_alsoSaying(error, more) {
    const { code, message, hint } = (0,errors/* asComebackError */.Mx)(error);
    return new errors/* ComebackError */.U$(code, `${message} ${more}`, { hint, cause: error });
}
async function restore_clearUp({ target, sessions, plan, facts, connection, roles }) {
    try {
        await sessions.close();
        if (await removeRestored(target, plan, facts, roles))
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
function summary(plan, { description }, mode, lanes) {
    const created = plan.preData.filter(({ entry }) => entry.type === 'TABLE').length;
    // Rows alone create nothing.
    const tables = plan.preData.length > 0 ? created : plan.loads.length;
    const rows = Object.values(plan.detail.rows).reduce((sum, count) => sum + count, 0);
    const inLanes = `in ${lanes} lane${lanes === 1 ? '' : 's'}`;
    const how = { atomic: 'in one transaction', swap: `${inLanes}, by a new database`, parallel: inLanes }[mode];
    return [`${restore_counted(tables, 'table')} and ${restore_counted(rows, 'row')} restored into ${description}, ${how}.`];
}
function restore_counted(count, what) {
    return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}

;// CONCATENATED MODULE: ./build/open-component.js
/** A component and its options become a Source to back up from, a Sink to restore into. */












const MAX_LANES = 4;
/** What a restore of files keeps, or works in; `TIME-ID` as in `files/workplace.ts`. */
const KEPT_FOLDERS = [
    '**/.comeback-{before,restoring}-*',
    '**/*.before-????????T??????Z-??????',
    '**/.*.restoring-????????T??????Z-??????',
];
const REVIEW_FOLDER = 'config-review';
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
                throw open_component_missing('files', '--files', 'the folders or globs to back up');
            return createFilesSource({
                root: cwd,
                include: options.files,
                exclude: [...options.exclude, ...ownPaths(options, cwd)],
            });
        case 'config':
            if (options.configFiles.length === 0 && options.configEnv.length === 0) {
                throw open_component_missing('config', '--config-files or --config-env', 'the files or environment variables to back up');
            }
            return createConfigSource({ root: cwd, files: options.configFiles, env: options.configEnv, environment });
    }
}
/**
 * Our own files below the folder that is backed up: a backup of backups, or of what a restore kept, grows without end, and the
 * key must not be in it.
 */
function ownPaths(options, cwd) {
    const store = open_store_folderOf(options.store);
    return [...(store === undefined ? [] : [store]), options.keyFile, options.logDir, REVIEW_FOLDER]
        .concat(KEPT_FOLDERS)
        .map(path => (0,external_node_path_.resolve)(cwd, path))
        .filter(path => path.startsWith((0,external_node_path_.join)(cwd, external_node_path_.sep)));
}
/** Ends what a restore has kept of the former state. Returns lines for people. */
async function open_component_discardKept(component, name, options, { cwd, signal }) {
    const { confirm } = options;
    if (component === 'database') {
        const { connectTimeout, endSessions } = options;
        return discardDatabase({ url: targetUrl(options), connectTimeout, endSessions }, name, confirm, signal);
    }
    if (component === 'files')
        return discardKept((0,external_node_path_.resolve)(cwd, name), confirm, signal);
    throw new errors/* ComebackError */.U$('usage', `A restore of the ${component} has kept nothing to discard.`, {
        hint: 'Name the component: comeback restore files --discard PATH.',
    });
}
/**
 * The target of a restore as a Source, for the backup of what it holds before that. Of a folder only what the restore may take
 * away; without a target (to know its identity) all of it.
 */
function openTargetSource(component, options, { cwd }, target) {
    if (component === 'database') {
        return createDatabaseSource({
            url: targetUrl(options),
            connectTimeout: options.connectTimeout,
            lanes: options.lanes ?? defaultLanes(),
            schemaOnly: false,
            excludeTableData: [],
            ...(options.pgDump === undefined ? {} : { pgDump: (0,external_node_path_.resolve)(cwd, options.pgDump) }),
        });
    }
    const directory = (0,external_node_path_.resolve)(cwd, options.into ?? '.');
    const stores = [options.store, options.safetyStore ?? options.store].flatMap(store => open_store_folderOf(store) ?? []);
    const source = createFilesSource({
        root: directory,
        include: target?.kind === 'folder' ? (target.replaced ?? ['.']).map(literally) : ['.'],
        exclude: [
            ...[...stores, options.keyFile, options.logDir].map(path => (0,external_node_path_.resolve)(cwd, path)),
            ...KEPT_FOLDERS.map(pattern => (0,external_node_path_.resolve)(directory, pattern)),
        ],
    });
    return { ...source, identity: `folder ${directory}` };
}
/** A name as a pattern that means it alone. */
function literally(name) {
    return `./${name.replace(/[\\*?[\]{}()!+@|]/g, '\\$&')}`;
}
function openSink(component, options, { cwd, environment, ask }) {
    if (component !== 'files' && options.include.length > 0)
        throw notFor(component, 'include', 'files');
    if (component !== 'config' && options.showValues)
        throw notFor(component, 'show-values', 'config');
    const ofDatabase = ['tables', 'schemas'].find(name => options[name].length > 0);
    if (component !== 'database' && ofDatabase !== undefined)
        throw notFor(component, ofDatabase, 'database');
    if (component !== 'database' && options.dataOnly)
        throw notFor(component, 'data-only', 'database');
    switch (component) {
        case 'database':
            return createDatabaseSink({
                url: targetUrl(options),
                connectTimeout: options.connectTimeout,
                lanes: options.lanes ?? defaultLanes(),
                mode: options.mode,
                confirm: options.confirm,
                selection: options,
                createRoles: options.createRoles,
                endSessions: options.endSessions,
            });
        case 'files':
            return createFilesSink({
                directory: (0,external_node_path_.resolve)(cwd, options.into ?? '.'),
                cwd,
                overwrite: options.overwrite,
                include: options.include,
                confirm: options.confirm,
            });
        case 'config':
            return createConfigSink({
                directory: (0,external_node_path_.resolve)(cwd, options.into ?? REVIEW_FOLDER),
                root: cwd,
                environment,
                showValues: options.showValues && mayShowValues(ask),
            });
    }
}
function notFor(component, option, other) {
    return new errors/* ComebackError */.U$('usage', `A restore of the ${component} does not take --${option}.`, {
        hint: `It belongs to comeback restore ${other}.`,
    });
}
/** Logs and summaries of machines are read by many; a terminal is somebody's own. */
function mayShowValues(ask) {
    if (ask !== undefined)
        return true;
    throw new errors/* ComebackError */.U$('usage', 'Values of environment variables are written only where somebody sits at a terminal.', {
        hint: 'Run it on a terminal, or leave --show-values out: the review then says which variables differ.',
    });
}
function targetUrl({ targetUrl, databaseUrl }) {
    return needDatabase(targetUrl ?? databaseUrl, '--target-url (or DATABASE_URL)');
}
function needDatabase(url, where) {
    if (url !== undefined && url !== '')
        return url;
    throw new errors/* ComebackError */.U$('usage', 'No database is named.', {
        hint: `Set ${where} to a URL such as postgresql://user:password@host:5432/name.`,
    });
}
function open_component_missing(component, option, what) {
    return new errors/* ComebackError */.U$('usage', `The component ${component} needs ${option}.`, {
        hint: `Name ${what}, or back up a single component: comeback backup database.`,
    });
}
function defaultLanes() {
    return Math.min(MAX_LANES, Math.max(2, (0,external_node_os_.availableParallelism)()));
}

;// CONCATENATED MODULE: ./build/job-restore.js
/**
 * A restore: which backup of which store goes where, what guards it, and how it is undone. A part of the composition root.
 */







/** Milliseconds. */
const job_restore_DAY = 24 * 60 * 60 * 1000;
async function restoreFromStore({ component, at }, asked, context, openKeyring) {
    const options = asked.undo ? forUndo(asked) : asked;
    const store = await openStore(options, context);
    // The sink first: a target that is not even named is the quicker error.
    const sink = openSink(component, options, context);
    const moment = options.undo ? undoOf(component, options, context) : parseMoment(at, options.includeSafety);
    const keyring = await openKeyring();
    const { progress, signal } = context;
    const guards = guardsOf(component, options, context, { keyring, store });
    const request = { store, keyring, component, moment, sink, ...guards, now: () => new Date(), progress, signal };
    return options.dryRun ? planRestore(request) : restore(request);
}
/** `store` is the one that the backup comes from; absent where that is none of ours. */
function guardsOf(component, options, context, { keyring, store }) {
    const consent = {
        name: options.confirm,
        ask: context.ask,
        named: name => openSink(component, { ...options, confirm: name }, context),
    };
    // The configuration goes into a folder for review, never over anything.
    if (component === 'config')
        return { consent };
    const location = options.safetyStore ?? options.store;
    const refusal = job_restore_refusalOf(location, context);
    const safety = {
        wanted: !options.noSafetyBackup,
        store: location === options.store ? (store?.location ?? location) : location,
        ...(refusal === undefined ? {} : { refusal }),
        source: target => openTargetSource(component, options, context, target),
        request: async () => ({
            store: location === options.store && store !== undefined ? store : await openOther(location, options, context),
            keyring,
            codec: options.codec,
            level: options.level,
            full: false,
            fullEvery: options.fullEvery,
            keepUntil: new Date(Date.now() + options.retentionDays * job_restore_DAY),
            tools: { comeback: version/* VERSION */.x, node: process.version },
            now: () => new Date(),
            signal: context.signal,
        }),
    };
    return { safety, consent };
}
/** The safety backup lies where the restore put it; and a database that held something before holds something now. */
function forUndo(options) {
    return { ...options, store: options.safetyStore ?? options.store, mode: options.mode ?? 'atomic' };
}
function undoOf(component, options, context) {
    if (component === 'config') {
        throw new errors/* ComebackError */.U$('usage', 'A restore of the configuration replaces nothing, so there is nothing to undo.', {
            hint: 'It goes into a folder for review.',
        });
    }
    const { identity } = openTargetSource(component, options, context);
    return { kind: 'undo', identity, place: identity };
}
/** What is remembered is of the other store. */
function openOther(location, options, { memory: _, ...context }) {
    return openStore({ ...options, store: location }, context);
}
/** Known without asking the store: better said by a dry run than found out when everything else is ready. */
function job_restore_refusalOf(location, { github }) {
    const reason = location.startsWith(OLD)
        ? 'is a folder of the old scripts'
        : location.startsWith('artifact:') && github.run === undefined
            ? 'can be written only in a step of the Action'
            : undefined;
    if (reason === undefined)
        return undefined;
    return new errors/* ComebackError */.U$('usage', `The target holds something, and no safety backup of it can be made: ${location} ${reason}.`, {
        hint: 'Give a store for it: --safety-store file:DIR or --safety-store s3://BUCKET/PREFIX. Or restore without one: --no-safety-backup and --confirm NAME.',
    });
}

;// CONCATENATED MODULE: ./build/key-file.js
var key_file_addDisposableResource = (undefined && undefined.__addDisposableResource) || function (env, value, async) {
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
var key_file_disposeResources = (undefined && undefined.__disposeResources) || (function (SuppressedError) {
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
const MAKE_SECRET = 'In CI a key is never made: run `comeback key new` on your own machine, keep a copy, and store it as the repository secret COMEBACK_KEY (Settings > Secrets and variables > Actions), and pass it to the step: in its environment, or as the input key of the Action.';
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
            const handle = key_file_addDisposableResource(env_1, await (0,promises_.open)(file, 'wx', 0o600), true);
            await handle.writeFile(`${passphrase}\n`);
            await handle.sync();
        }
        catch (e_1) {
            env_1.error = e_1;
            env_1.hasError = true;
        }
        finally {
            const result_1 = key_file_disposeResources(env_1);
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

;// CONCATENATED MODULE: ./build/job.js
/**
 * The composition root: parsed options and what the edge knows (key, environment, signal) become adapters, the engine runs,
 * a report comes back. Only this file, `open-store.ts` and `open-component.ts` name concrete adapters.
 */





















/** Milliseconds. */
const job_DAY = 24 * 60 * 60 * 1000;
/** Throws a `ComebackError`; of several components backed up, the failed ones stand in the report instead. */
async function runJob(command, options, context) {
    context.signal.throwIfAborted();
    const oldFolder = oldFolderOf(options.store);
    switch (command.verb) {
        case 'backup':
            return backUp(command.components, options, context);
        case 'restore':
            if (options.discard !== undefined)
                return discard(command.component, options.discard, options, context);
            if (oldFolder !== undefined && !options.undo) {
                const { component, at } = command;
                const sink = openSink(component, options, context);
                const old = { folder: oldFolder, component, at, keys: await oldKeys(options, context) };
                return restoreOld(old, options, context, found => (options.dryRun ? planRestore : restore)({
                    ...found,
                    component,
                    sink,
                    ...guardsOf(component, options, context, { keyring: found.keyring }),
                    now,
                    progress: context.progress,
                    signal: context.signal,
                }));
            }
            return restoreFromStore(command, options, context, async () => new Keyring(await needKey(keyPlace(options, context))));
        case 'list':
            if (oldFolder !== undefined)
                return listOld(oldFolder, command.components, context.cwd);
            return list(await openStore(options, context), command.components, await keyringIfAny(options, context), context.signal);
        case 'status':
            return status_status({ ...(await readingRequest(command.components, options, context)), maxAge: options.maxAge });
        case 'check':
            return check({
                ...(await readingRequest(command.components, options, withoutMemory(context))),
                percent: options.read ? 100 : (options.readPercent ?? 0),
            });
        case 'prune':
            return prune({
                ...(await readingRequest(command.components, options, withoutMemory(context))),
                policy: {
                    days: options.retentionDays,
                    last: options.keepLast,
                    hourly: options.keepHourly,
                    daily: options.keepDaily,
                    weekly: options.keepWeekly,
                    monthly: options.keepMonthly,
                    yearly: options.keepYearly,
                },
                apply: options.apply && !options.dryRun,
            });
        case 'import': {
            const store = await openStore(options, context);
            return importOld(command.components, store, await oldKeys(options, context), options, context);
        }
        case 'init':
            return init(options, context, () => keyAtHand(options, context));
        case 'export':
            return exportBackup({
                moment: parseMoment(command.at, options.includeSafety),
                component: command.component,
                store: await openStore(options, context),
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
    const store = await openStore(options, context);
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
            keepUntil: new Date(now().getTime() + options.retentionDays * job_DAY),
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
/** What `status`, `check` and `prune` have in common: they work without the key, and know more with it. */
async function readingRequest(components, options, context) {
    return {
        store: await openStore(options, context),
        components,
        keyring: await keyringIfAny(options, context),
        now,
        progress: context.progress,
        signal: context.signal,
    };
}
/** For those who must see the store itself: one looks for damage there, the other deletes by what it reads. */
function withoutMemory({ memory: _, ...context }) {
    return context;
}
async function keyringIfAny(options, context) {
    const passphrase = await findKey(keyPlace(options, context));
    return passphrase === undefined ? undefined : new Keyring(passphrase);
}
/** The old scripts kept theirs in the file; the one of new backups may have come from there, or be another. */
async function oldKeys(options, context) {
    const place = keyPlace(options, context);
    const passphrase = await needKey(place);
    const inFile = await findKey({ ...place, given: undefined });
    return { passphrase, passphrases: [...new Set(inFile === undefined ? [passphrase] : [inFile, passphrase])] };
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
/** As init finds or makes it; in CI there may be none. */
async function keyAtHand(options, context) {
    const place = keyPlace(options, context);
    const found = await findKey(place);
    if (found === undefined && context.ci)
        return undefined;
    const passphrase = found ?? (await makeKey(place));
    return { id: await (0,keys/* keyId */.xs)(passphrase), inFile: (place.given ?? '').trim() === '', made: found === undefined };
}
async function discard(component, name, options, context) {
    return { command: 'discard', component, summary: await open_component_discardKept(component, name, options, context) };
}
function needFolder(into) {
    if (into !== undefined)
        return into;
    throw new errors/* ComebackError */.U$('usage', 'The export needs a folder.', { hint: 'Name a new one with --into DIR.' });
}
function keyPlace(options, { key, cwd, ci }) {
    return { given: key, file: (0,external_node_path_.resolve)(cwd, options.keyFile), ci };
}
function now() {
    return new Date();
}


/***/ }),

/***/ 6810:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   S5: () => (/* binding */ checkCancelled),
/* harmony export */   SV: () => (/* binding */ attempting),
/* harmony export */   uL: () => (/* binding */ tolerating),
/* harmony export */   xU: () => (/* binding */ systemCode)
/* harmony export */ });
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(9473);
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
function systemCode(error) {
    return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
/** Runs what the text `write /backups/x` names; whatever it throws comes out as a `ComebackError`. */
async function attempting(action, run) {
    try {
        return await run();
    }
    catch (error) {
        const code = systemCode(error);
        if (code === undefined || error instanceof _errors_js__WEBPACK_IMPORTED_MODULE_0__/* .ComebackError */ .U$)
            throw (0,_errors_js__WEBPACK_IMPORTED_MODULE_0__/* .asComebackError */ .Mx)(error);
        const meaning = MEANINGS[code];
        const details = meaning === undefined ? { cause: error } : { hint: meaning.hint, cause: error };
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_0__/* .ComebackError */ .U$(meaning?.code ?? 'failed', `Could not ${action}: ${reason(error)}.`, details);
    }
}
/** Whether the action succeeded; false where it failed with one of these codes. */
async function tolerating(codes, run) {
    try {
        await run();
        return true;
    }
    catch (error) {
        if (codes.includes(systemCode(error) ?? ''))
            return false;
        throw error;
    }
}
/** Throws the signal's reason as a `ComebackError`. */
function checkCancelled(signal) {
    if (signal?.aborted)
        throw (0,_errors_js__WEBPACK_IMPORTED_MODULE_0__/* .asComebackError */ .Mx)(signal.reason);
}
/** `ENOSPC: no space left on device, write` without the system call's arguments, which repeat the path. */
function reason(error) {
    return error instanceof Error ? error.message.replace(/, [a-z]+( '.*)?$/s, '') : String(error);
}


/***/ }),

/***/ 8755:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   R: () => (/* binding */ checkObjectName),
/* harmony export */   V: () => (/* binding */ isObjectName)
/* harmony export */ });
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(9473);
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
    throw new _errors_js__WEBPACK_IMPORTED_MODULE_0__/* .ComebackError */ .U$('usage', `${JSON.stringify(name)} is not a name that an object can have.`, {
        hint: 'Names are letters, digits, dots, dashes and underscores, in folders, with no part that begins with a dot.',
    });
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

export const id = 49;
export const ids = [49,232];
export const modules = {

/***/ 8232:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   Bk: () => (/* binding */ parseEndpoint),
/* harmony export */   OH: () => (/* binding */ needsPathStyle),
/* harmony export */   VP: () => (/* binding */ formatS3Location),
/* harmony export */   parseS3Location: () => (/* binding */ parseS3Location)
/* harmony export */ });
/* harmony import */ var node_net__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(7030);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(9473);
/* harmony import */ var _object_name_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(8755);
/** `s3://BUCKET/PREFIX` and the endpoint, as people write them, checked before anything is sent anywhere. */



const SCHEME = 's3://';
/** As servers accept them; Amazon itself wants small letters, and says so. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/;
/** Keys may have 1024 bytes; what follows the prefix needs some of them. */
const PREFIX_LIMIT = 500;
/** Throws `usage`. */
function parseS3Location(location) {
    const [bucket = '', ...parts] = location.slice(SCHEME.length).split('/');
    if (!location.startsWith(SCHEME) || !BUCKET.test(bucket)) {
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('usage', `${JSON.stringify(location)} names no bucket.`, {
            hint: 'Write s3://BUCKET or s3://BUCKET/PREFIX; buckets have 3 to 63 letters, digits, dots and dashes.',
        });
    }
    if (parts.at(-1) === '')
        parts.pop();
    const prefix = parts.join('/');
    if (prefix === '' && parts.length === 0)
        return { bucket, prefix };
    if ((0,_object_name_js__WEBPACK_IMPORTED_MODULE_2__/* .isObjectName */ .V)(prefix) && prefix.length <= PREFIX_LIMIT)
        return { bucket, prefix };
    throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('usage', `${JSON.stringify(prefix)} can't be the prefix of a store.`, {
        hint: `Prefixes are letters, digits, dots, dashes and underscores, in folders, with no part that begins with a dot, and have at most ${PREFIX_LIMIT} characters.`,
    });
}
function formatS3Location({ bucket, prefix }) {
    return prefix === '' ? `${SCHEME}${bucket}` : `${SCHEME}${bucket}/${prefix}`;
}
/** The URL of the server. Throws `usage`, and never repeats what could hold a password. */
function parseEndpoint(endpoint) {
    const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
    if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('usage', 'The endpoint of the bucket is not an address that begins with https:// or http://.', {
            hint: 'Write it like --s3-endpoint https://s3.example.com.',
        });
    }
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('usage', 'The endpoint of the bucket may have no user name, password, query or fragment.', {
            hint: 'Give the credentials as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.',
        });
    }
    return url;
}
/** No name in DNS stands below an IP address or localhost, so there the bucket can only be in the path. */
function needsPathStyle({ hostname }) {
    return hostname === 'localhost' || (0,node_net__WEBPACK_IMPORTED_MODULE_0__.isIP)(hostname.replace(/^\[|\]$/g, '')) !== 0;
}


/***/ }),

/***/ 4049:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openS3Store: () => (/* binding */ openS3Store)
});

// EXTERNAL MODULE: ./node_modules/@aws-sdk/client-s3/dist-cjs/index.js
var dist_cjs = __webpack_require__(3711);
// EXTERNAL MODULE: ./build/format/sizes.js
var sizes = __webpack_require__(7060);
// EXTERNAL MODULE: ./build/store/object-name.js
var object_name = __webpack_require__(8755);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(9473);
// EXTERNAL MODULE: ./build/store/s3-location.js
var s3_location = __webpack_require__(8232);
;// CONCATENATED MODULE: ./build/store/s3-bucket.js


/** The object's key. */
function keyOf({ prefix }, name) {
    return prefix === '' ? name : `${prefix}/${name}`;
}
/** For people: `s3://bucket/prefix/name`. */
function placeOf({ bucket, prefix }, name) {
    return `${(0,s3_location/* formatS3Location */.VP)({ bucket, prefix })}/${name}`;
}
function notFound(bucket, name, cause) {
    return new errors/* ComebackError */.U$('not-found', `There is no ${placeOf(bucket, name)}.`, { cause });
}
function alreadyExists(bucket, name, cause) {
    const message = `${placeOf(bucket, name)} exists already; a store never replaces an object.`;
    return new errors/* ComebackError */.U$('already-exists', message, { cause });
}
function damaged(bucket, name, problem, cause) {
    return new errors/* ComebackError */.U$('damaged', `${placeOf(bucket, name)} ${problem}.`, {
        hint: 'It was cut short, replaced or overwritten. Restore an older backup, or take the object from another copy of the store.',
        cause,
    });
}
/** What answers 200 to everything (a web page, a login portal) must not pass for an empty bucket or for a stored object. */
function notS3(bucket) {
    const message = `What answers for s3://${bucket.bucket} does not answer as an S3 server does.`;
    return new errors/* ComebackError */.U$('failed', message, { hint: 'Check --s3-endpoint, and any proxy on the way.' });
}

// EXTERNAL MODULE: external "node:http"
var external_node_http_ = __webpack_require__(7067);
// EXTERNAL MODULE: external "node:https"
var external_node_https_ = __webpack_require__(4708);
;// CONCATENATED MODULE: ./build/store/s3-client.js
/** The SDK's client, set up for this program: patient for as long as bytes move, no retries of its own. */





/** Milliseconds until a connection stands, and without a byte on it. */
const CONNECT_TIMEOUT = 10_000;
const STALL_TIMEOUT = 60_000;
/** What servers that know no regions accept. */
const ANY_REGION = 'us-east-1';
/** Throws `usage` for an endpoint that is none. */
function createS3Client(options) {
    const { lookup, credentials, stallTimeout = STALL_TIMEOUT } = options;
    const endpoint = options.endpoint === undefined ? undefined : (0,s3_location/* parseEndpoint */.Bk)(options.endpoint);
    const region = options.region ?? (endpoint === undefined ? undefined : ANY_REGION);
    const agent = { keepAlive: true, ...(lookup === undefined ? {} : { lookup }) };
    const config = {
        // `withRetry` repeats what may pass; two layers of it would multiply the waits.
        maxAttempts: 1,
        // The SDK would open a connection for each body, to ask before it sends; packs travel faster on one that stands.
        expectContinueHeader: false,
        requestHandler: {
            connectionTimeout: CONNECT_TIMEOUT,
            socketTimeout: stallTimeout,
            httpAgent: new external_node_http_.Agent(agent),
            httpsAgent: new external_node_https_.Agent(agent),
        },
        ...(region === undefined ? {} : { region }),
        ...(credentials === undefined ? {} : { credentials }),
    };
    if (endpoint === undefined)
        return new dist_cjs.S3Client({ ...config, forcePathStyle: options.pathStyle });
    return new dist_cjs.S3Client({
        ...config,
        endpoint: endpoint.href,
        forcePathStyle: options.pathStyle || (0,s3_location/* needsPathStyle */.OH)(endpoint),
        // Amazon's newer checksums are refused by some other servers, and stored as part of the object by at least one.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
    });
}
/** Amazon needs one, from the options or the SDK's own configuration. Throws `usage`. */
async function checkRegion(client) {
    try {
        await client.config.region();
    }
    catch (cause) {
        throw new errors/* ComebackError */.U$('usage', 'The region of the bucket is not known.', {
            hint: 'Name it: --s3-region eu-central-1, say. For a server that is not Amazon, give --s3-endpoint.',
            cause,
        });
    }
}

;// CONCATENATED MODULE: ./build/store/s3-error.js
/**
 * What an S3 server, the SDK or the network refuses, in the terms of the store's contract. Decided by the server's error
 * code, by the HTTP status where it sent none (the answers to HEAD have no body), and by the system's code below that.
 */

const RIGHTS = 'The credentials need s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on its objects.';
const PASSING = {
    code: 'store-unavailable',
    hint: 'Check the network and the server; a later run may succeed.',
};
const CORRUPTED = { code: 'store-unavailable', hint: 'The server got other bytes than were sent. Try again.' };
const DENIED = {
    code: 'permission',
    hint: `${RIGHTS} Without s3:ListBucket, S3 says the same of an object that is not there.`,
};
const WRONG_SECRET = {
    code: 'authentication',
    hint: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, if they are temporary), and that they belong to this server.',
};
const EXPIRED = {
    code: 'authentication',
    hint: 'Get new ones. In GitHub Actions, role-duration-seconds of aws-actions/configure-aws-credentials must be longer than the backup takes.',
};
const CLOCK = {
    code: 'failed',
    hint: 'Set the clock of this machine: S3 refuses a difference of more than 15 minutes, and backups are named by it.',
};
const FULL = { code: 'store-full', hint: 'Delete something there, raise the quota, or use another bucket.' };
const NO_BUCKET = {
    code: 'failed',
    hint: 'Create it first: a private one, best with nothing else in it. Or check its name, --s3-endpoint and --s3-region.',
};
const ARCHIVED = {
    code: 'failed',
    hint: 'It lies in an archive class such as Glacier. Have S3 restore it first, and keep lifecycle rules off these objects.',
};
const MEANINGS = {
    AccessDenied: DENIED,
    AccountProblem: DENIED,
    AllAccessDisabled: DENIED,
    InvalidAccessKeyId: { ...WRONG_SECRET, reason: 'the server does not know this access key' },
    SignatureDoesNotMatch: { ...WRONG_SECRET, reason: 'the secret access key does not belong to the access key' },
    InvalidToken: WRONG_SECRET,
    ExpiredToken: EXPIRED,
    ExpiredTokenException: EXPIRED,
    TokenRefreshRequired: EXPIRED,
    RequestTimeTooSkewed: CLOCK,
    RequestExpired: CLOCK,
    NoSuchBucket: NO_BUCKET,
    InvalidBucketName: NO_BUCKET,
    InvalidObjectState: ARCHIVED,
    QuotaExceeded: FULL,
    ServiceQuotaExceeded: FULL,
    TooManyObjects: FULL,
    XMinioStorageFull: FULL,
    StorageFull: FULL,
    BadDigest: CORRUPTED,
    XAmzContentSHA256Mismatch: CORRUPTED,
    XAmzContentChecksumMismatch: CORRUPTED,
    IncompleteBody: CORRUPTED,
    RequestTimeout: PASSING,
    SlowDown: PASSING,
    Throttling: PASSING,
    ThrottlingException: PASSING,
    RequestLimitExceeded: PASSING,
    BandwidthLimitExceeded: PASSING,
    OperationAborted: PASSING,
    ConditionalRequestConflict: PASSING,
    NoSuchUpload: PASSING,
    TimeoutError: PASSING,
    // From the SDK itself.
    CredentialsProviderError: {
        code: 'authentication',
        reason: 'no credentials were found',
        hint: 'Looked in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profiles in ~/.aws, a web identity (AWS_ROLE_ARN) and the machine itself. In GitHub Actions, run aws-actions/configure-aws-credentials first; the job then needs id-token: write.',
    },
};
const CERTIFICATE = {
    code: 'connection',
    hint: 'For a server with a certificate of your own, put the path of its authority into NODE_EXTRA_CA_CERTS. Without TLS the endpoint begins with http://.',
};
const STATUSES = {
    401: WRONG_SECRET,
    403: DENIED,
    408: PASSING,
    409: PASSING,
    429: PASSING,
    507: FULL,
};
/** Node's codes of what may pass. */
const NETWORK = /^(ECONN\w+|EPIPE|ETIMEDOUT|E(HOST|NET)(UNREACH|DOWN)|ENOTFOUND|EAI_AGAIN|UND_ERR_\w+|HPE_\w+|ERR_STREAM_PREMATURE_CLOSE)$/;
/** Node's codes of certificates that are not trusted, and of servers that don't speak TLS. */
const TLS = /CERT|SSL|TLS|^EPROTO$|^UNABLE_TO_|^HOSTNAME_MISMATCH$/;
/** Runs what the text `write s3://b/k` names; whatever it throws comes out as a `ComebackError`. */
async function attempting(action, signal, run) {
    try {
        return await run();
    }
    catch (error) {
        // Whatever breaks after an abort broke because of it.
        if (signal?.aborted)
            throw (0,errors/* asComebackError */.Mx)(signal.reason);
        if (error instanceof errors/* ComebackError */.U$)
            throw error;
        const { code, hint, reason = ownReason(error) } = meaningOf(error);
        throw new errors/* ComebackError */.U$(code, `Could not ${action}: ${reason}.`, { hint, cause: error });
    }
}
/** Throws the signal's reason as a `ComebackError`. */
function checkCancelled(signal) {
    if (signal?.aborted)
        throw (0,errors/* asComebackError */.Mx)(signal.reason);
}
/** HTTP status of an answer that was an error; undefined if none came. */
function statusOf(error) {
    return numberAt(objectAt(error, '$metadata'), 'httpStatusCode');
}
/** `NoSuchKey` and the like. */
function s3Code(error) {
    return error instanceof Error ? error.name : '';
}
function meaningOf(error) {
    const status = statusOf(error);
    return (otherRegion(error, status) ??
        MEANINGS[s3Code(error)] ??
        (status === undefined ? undefined : STATUSES[status]) ??
        (isPassing(error, status) ? PASSING : undefined) ??
        (TLS.test(textAt(error, 'code') ?? '') ? CERTIFICATE : undefined) ?? {
        code: 'failed',
        hint: 'Check the bucket, --s3-endpoint, --s3-region and --s3-path-style.',
    });
}
function isPassing(error, status) {
    if (status !== undefined && status >= 500 && status !== 501)
        return true;
    const code = textAt(error, 'code');
    if (code !== undefined && NETWORK.test(code))
        return true;
    // `localhost` has two addresses: one error for both.
    return error instanceof AggregateError && error.errors.some(each => isPassing(each, undefined));
}
function otherRegion(error, status) {
    const name = s3Code(error);
    const expected = textAt(error, 'Region') ?? textAt(objectAt(objectAt(error, '$response'), 'headers'), 'x-amz-bucket-region');
    const isRedirect = status === 301 || status === 307 || name === 'PermanentRedirect' || name === 'TemporaryRedirect';
    if (!isRedirect && name !== 'AuthorizationHeaderMalformed' && name !== 'IllegalLocationConstraintException')
        return undefined;
    if (expected === undefined) {
        return { code: 'failed', reason: 'the bucket is somewhere else', hint: 'Check --s3-region and --s3-endpoint.' };
    }
    return { code: 'failed', reason: `the bucket is in the region ${expected}`, hint: `Use --s3-region ${expected}.` };
}
/** The server's code and message; the code of the system; the status where there is nothing else. */
function ownReason(error) {
    if (!(error instanceof Error))
        return String(error);
    const status = statusOf(error);
    const nameless = error.message === '' || error.message === 'UnknownError';
    if (nameless)
        return status === undefined ? (textAt(error, 'code') ?? error.name) : `the server answered ${status}`;
    const message = error.message.replace(/\.+$/, '');
    return status === undefined || error.name === message ? message : `${error.name}: ${message}`;
}
function objectAt(value, name) {
    return typeof value === 'object' && value !== null && name in value
        ? value[name]
        : undefined;
}
function textAt(value, name) {
    const text = objectAt(value, name);
    return typeof text === 'string' ? text : undefined;
}
function numberAt(value, name) {
    const number = objectAt(value, name);
    return typeof number === 'number' ? number : undefined;
}

;// CONCATENATED MODULE: ./build/store/s3-read.js
/** Reading: the size is known and checked before a byte of the body is, and a body is given whole or not at all. */




const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/;
/** Throws `not-found`, and what the SDK throws. */
async function sizeOf(bucket, name, signal) {
    const command = new dist_cjs.HeadObjectCommand({ Bucket: bucket.bucket, Key: keyOf(bucket, name) });
    try {
        const { ContentLength } = await bucket.client.send(command, abortable(signal));
        if (ContentLength === undefined)
            throw notS3(bucket);
        return ContentLength;
    }
    catch (error) {
        throw statusOf(error) === 404 ? notFound(bucket, name, error) : error;
    }
}
async function readObject(bucket, name, request) {
    const { range, limit = Number.POSITIVE_INFINITY, signal } = request;
    // No Range header can say "nothing".
    if (range?.length === 0) {
        checkSize(bucket, name, await sizeOf(bucket, name, signal), range, limit);
        return new Uint8Array(0);
    }
    const answer = await ask(bucket, name, range, signal);
    const parts = answer.Body;
    try {
        const { offset, length, size } = extent(bucket, answer);
        checkSize(bucket, name, size, range, limit);
        const wanted = range ?? { offset: 0, length: size };
        if (offset !== wanted.offset || length !== wanted.length) {
            throw new errors/* ComebackError */.U$('unsupported', `The server gave another range of ${placeOf(bucket, name)} than was asked for.`, {
                hint: 'Comeback needs a server that understands the Range header.',
            });
        }
        return await collect(bucket, name, parts, length);
    }
    catch (error) {
        // Otherwise the rest of the body would still be downloaded.
        parts.destroy?.();
        throw error;
    }
}
function abortable(signal) {
    return signal === undefined ? {} : { abortSignal: signal };
}
async function ask(bucket, name, range, signal) {
    const command = new dist_cjs.GetObjectCommand({
        Bucket: bucket.bucket,
        Key: keyOf(bucket, name),
        ...(range === undefined ? {} : { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` }),
    });
    try {
        return await bucket.client.send(command, abortable(signal));
    }
    catch (error) {
        const status = statusOf(error);
        if (status === 416)
            throw damaged(bucket, name, `ends before byte ${range?.offset ?? 0}, where a range begins`, error);
        if (status === 404 && error instanceof Error && error.name !== 'NoSuchBucket')
            throw notFound(bucket, name, error);
        throw error;
    }
}
/** Which bytes the body holds, and how many the object has. */
function extent(bucket, answer) {
    const length = answer.ContentLength;
    if (length === undefined)
        throw notS3(bucket);
    // A server that doesn't know ranges gives the whole object, and no Content-Range.
    if (answer.ContentRange === undefined)
        return { offset: 0, length, size: length };
    const [, first, , size] = CONTENT_RANGE.exec(answer.ContentRange) ?? [];
    if (first === undefined || size === undefined)
        throw notS3(bucket);
    return { offset: Number(first), length, size: Number(size) };
}
function checkSize(bucket, name, size, range, limit) {
    if (size > limit)
        throw damaged(bucket, name, `is ${size} bytes long, though it can't have more than ${limit}`);
    const end = range === undefined ? 0 : range.offset + range.length;
    if (end > size)
        throw damaged(bucket, name, `ends after ${size} bytes, though ${end} should be there`);
}
async function collect(bucket, name, parts, length) {
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    for await (const part of readable(bucket, name, parts)) {
        if (filled + part.length > length)
            throw cut(bucket, name, `gave more than ${length} bytes`);
        bytes.set(part, filled);
        filled += part.length;
    }
    if (filled < length)
        throw cut(bucket, name, `broke off after ${filled} of ${length} bytes`);
    return bytes;
}
/** Whatever goes wrong in the middle of a body (a reset, a checksum that doesn't fit) may go well the next time. */
async function* readable(bucket, name, parts) {
    try {
        yield* parts;
    }
    catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw cut(bucket, name, `broke off: ${reason}`, error);
    }
}
function cut(bucket, name, problem, cause) {
    return new errors/* ComebackError */.U$('store-unavailable', `The download of ${placeOf(bucket, name)} ${problem}.`, {
        hint: 'Check the network and the server; a later run may succeed.',
        cause,
    });
}

;// CONCATENATED MODULE: ./build/store/s3-list.js
/** Listing, page by page. What an object's name could name counts as an object; other keys are not ours. */





/** Throws what the SDK throws. */
async function* listObjects(bucket, prefix, signal) {
    let token;
    do {
        const command = new dist_cjs.ListObjectsV2Command({
            Bucket: bucket.bucket,
            Prefix: keyOf(bucket, prefix),
            // A foreign key with a control character would make the answer unreadable.
            EncodingType: 'url',
            ...(token === undefined ? {} : { ContinuationToken: token }),
        });
        const page = await bucket.client.send(command, abortable(signal));
        if (page.IsTruncated === undefined)
            throw notS3(bucket);
        yield (page.Contents ?? []).flatMap(({ Key = '', Size, LastModified }) => {
            const name = nameOf(bucket, page.EncodingType === 'url' ? decoded(Key) : Key);
            if (name === undefined || Size === undefined)
                return [];
            return [{ name, size: Size, ...(LastModified === undefined ? {} : { writtenAt: LastModified }) }];
        });
        const next = page.IsTruncated ? page.NextContinuationToken : undefined;
        if (page.IsTruncated && (next === undefined || next === token)) {
            throw new errors/* ComebackError */.U$('unsupported', `The server of s3://${bucket.bucket} can't list more than one page of objects.`, {
                hint: 'Comeback needs a server that knows ListObjectsV2.',
            });
        }
        token = next;
    } while (token !== undefined);
}
function nameOf({ prefix }, key) {
    const start = prefix === '' ? '' : `${prefix}/`;
    const name = key.slice(start.length);
    return key.startsWith(start) && (0,object_name/* isObjectName */.V)(name) ? name : undefined;
}
function decoded(key) {
    try {
        return decodeURIComponent(key.replaceAll('+', ' '));
    }
    catch (error) {
        // Not UTF-8, so not one of our names, whatever it is.
        if (error instanceof URIError)
            return key;
        throw error;
    }
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
// EXTERNAL MODULE: ./node_modules/@aws-sdk/lib-storage/dist-cjs/index.js
var lib_storage_dist_cjs = __webpack_require__(2358);
;// CONCATENATED MODULE: ./build/store/s3-multipart.js
/**
 * Bodies too large for one PUT, in parts, by lib-storage. Parts of an upload that is neither completed nor aborted are
 * billed for ever and shown nowhere, so whatever happens here ends in one or the other. lib-storage by itself would answer
 * a cancellation before it has aborted the upload, and goes on sending the other parts after one has failed; so it gets a
 * client whose requests all stop together, and the aborting is done here.
 */







/** Bytes; servers take 10,000 parts of at least 5 MiB. */
const PART_SIZE = 8 * sizes/* MiB */.lv;
const PARTS_AT_ONCE = 2;
/** Milliseconds for aborting, which must go on after the run was cancelled, but not for long. */
const ABORT_TIMEOUT = 20_000;
/** A part that was still being received when its upload was aborted may be stored after all. */
const ABORT_ATTEMPTS = 3;
/** An upload this old (ms) was left by a process that was killed. */
const STALE = 24 * 60 * 60 * 1000;
/** What a server answers that can't list uploads, or to credentials that may not. */
const CANNOT_LIST = [400, 403, 404, 405, 501];
/** Throws what the SDK throws, when nothing of the upload is left. */
function createUploader(bucket) {
    let swept = false;
    return async (name, bytes, conditional, signal) => {
        // The prefix is ours; a whole bucket may have other programs' uploads in it.
        if (!swept && bucket.prefix !== '')
            await sweep(bucket, Date.now() - STALE, signal);
        swept = true;
        const { client, uploadId } = stoppable(bucket.client, signal);
        const upload = new lib_storage_dist_cjs/* Upload */._({
            client,
            params: {
                Bucket: bucket.bucket,
                Key: keyOf(bucket, name),
                Body: bytes,
                ContentType: 'application/octet-stream',
                ...(conditional ? { IfNoneMatch: '*' } : {}),
            },
            partSize: PART_SIZE,
            queueSize: PARTS_AT_ONCE,
            leavePartsOnError: true,
        });
        try {
            await upload.done();
        }
        catch (error) {
            await abandon(bucket, name, uploadId());
            throw error;
        }
    };
}
/** The same client, all of whose requests stop when one of them fails or the signal aborts; and the id of its upload. */
function stoppable(client, signal) {
    const failed = new AbortController();
    const abortSignal = signal === undefined ? failed.signal : AbortSignal.any([failed.signal, signal]);
    let uploadId;
    const send = async (command) => {
        try {
            const answer = await client.send(command, { abortSignal });
            if ('UploadId' in answer)
                uploadId ??= answer.UploadId;
            return answer;
        }
        catch (error) {
            failed.abort();
            throw error;
        }
    };
    const stopping = Object.create(client, { send: { value: send } });
    return { client: stopping, uploadId: () => uploadId };
}
/** Where the answer with the id was lost, by the object's key. Failing at it is told, not thrown: the upload failed first. */
async function abandon(bucket, name, uploadId) {
    const signal = AbortSignal.timeout(ABORT_TIMEOUT);
    try {
        const ids = uploadId === undefined ? await uploadsOf(bucket, keyOf(bucket, name), signal) : [uploadId];
        for (const id of ids)
            await abort(bucket, keyOf(bucket, name), id, signal);
    }
    catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        bucket.warn(`The unfinished upload of ${placeOf(bucket, name)} could not be removed: ${reason}.`, 'Its parts cost money. A lifecycle rule of the bucket (AbortIncompleteMultipartUpload) removes such uploads.');
    }
}
async function uploadsOf(bucket, key, signal) {
    const ids = [];
    for await (const { Key, UploadId } of uploads(bucket, key, signal)) {
        if (Key === key && UploadId !== undefined)
            ids.push(UploadId);
    }
    return ids;
}
async function abort(bucket, key, uploadId, signal) {
    for (let attempt = 1; attempt <= ABORT_ATTEMPTS; attempt++) {
        const upload = { Bucket: bucket.bucket, Key: key, UploadId: uploadId };
        try {
            await bucket.client.send(new dist_cjs.AbortMultipartUploadCommand(upload), abortable(signal));
        }
        catch (error) {
            if (statusOf(error) === 404)
                return;
            if (attempt === ABORT_ATTEMPTS)
                throw error;
            continue;
        }
        if (!(await hasParts(bucket, upload, signal)))
            return;
    }
}
async function hasParts({ client }, upload, signal) {
    try {
        const { Parts = [] } = await client.send(new dist_cjs.ListPartsCommand(upload), abortable(signal));
        return Parts.length > 0;
    }
    catch (error) {
        if (CANNOT_LIST.includes(statusOf(error) ?? 0))
            return false;
        throw error;
    }
}
/** Aborts what killed processes left below our prefix. A bucket that can't tell is left as it is. */
async function sweep(bucket, before, signal) {
    try {
        for await (const { Key = '', UploadId, Initiated } of uploads(bucket, `${bucket.prefix}/`, signal)) {
            const isOurs = (0,object_name/* isObjectName */.V)(Key.slice(bucket.prefix.length + 1));
            if (!isOurs || UploadId === undefined || Initiated === undefined || Initiated.getTime() >= before)
                continue;
            await abort(bucket, Key, UploadId, signal);
        }
    }
    catch (error) {
        if (!CANNOT_LIST.includes(statusOf(error) ?? 0))
            throw error;
    }
}
async function* uploads({ client, bucket }, prefix, signal) {
    let after = {};
    while (after !== undefined) {
        const command = new dist_cjs.ListMultipartUploadsCommand({
            Bucket: bucket,
            Prefix: prefix,
            ...after,
        });
        const page = await client.send(command, abortable(signal));
        yield* page.Uploads ?? [];
        const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
        after =
            IsTruncated === true && NextKeyMarker !== undefined && NextKeyMarker !== ''
                ? {
                    KeyMarker: NextKeyMarker,
                    ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
                }
                : undefined;
    }
}

;// CONCATENATED MODULE: ./build/store/s3-write.js
/**
 * Creation of an object that never replaces one: a single PUT with `If-None-Match: *`, which servers decide atomically.
 * Some don't know it (they answer 501, or 400): for them the store looks first and then writes, remembers that, and says
 * once what the bucket can't promise. That is enough for backups, whose names are random; two writers of one name are not
 * told apart.
 */







/** A server that refuses the condition with 400 calls it one of these; other codes of 400 mean what they say. */
const REFUSALS = ['NotImplemented', 'InvalidArgument', 'InvalidRequest', 'UnsupportedHeader'];
/** Throws `already-exists`, and what the SDK throws. */
function createWriter(bucket) {
    const uploadInParts = createUploader(bucket);
    let conditional = true;
    async function putOnce(name, bytes, signal) {
        if (conditional) {
            const outcome = await tryConditional(name, signal, () => put(bucket, name, bytes, true, signal));
            if (outcome === 'stored')
                return;
        }
        await refuseExisting(name, signal);
        await put(bucket, name, bytes, false, signal);
        forgetConditions();
    }
    /** Always looks first: some servers that know the condition ignore it when an upload in parts is completed (Ceph does). */
    async function putInParts(name, bytes, signal) {
        await refuseExisting(name, signal);
        if (conditional) {
            const outcome = await tryConditional(name, signal, () => uploadInParts(name, bytes, true, signal));
            if (outcome === 'stored')
                return;
        }
        await uploadInParts(name, bytes, false, signal);
        forgetConditions();
    }
    async function tryConditional(name, signal, run) {
        try {
            await run();
            return 'stored';
        }
        catch (error) {
            const status = statusOf(error);
            if (signal?.aborted)
                throw error;
            if (status === 412)
                throw alreadyExists(bucket, name, error);
            if (status === 501 || (status === 400 && REFUSALS.includes(s3Code(error))))
                return 'refused';
            throw error;
        }
    }
    /** Only once a write without the condition succeeded: now it is known that the condition was what the server refused. */
    function forgetConditions() {
        if (!conditional)
            return;
        conditional = false;
        bucket.warn(`The server of s3://${bucket.bucket} can't promise that an object is created only if there is none (If-None-Match).`, "Backups have names of their own, so one machine is safe. Don't let two write to this prefix at the same time.");
    }
    async function refuseExisting(name, signal) {
        try {
            await sizeOf(bucket, name, signal);
        }
        catch (error) {
            if ((0,errors/* hasCode */.up)(error, 'not-found'))
                return;
            throw error;
        }
        throw alreadyExists(bucket, name);
    }
    return async (name, body, signal) => {
        const [first] = body;
        const bytes = body.length === 1 && first !== undefined ? asBuffer(first) : Buffer.concat(body);
        await (bytes.length > bucket.partsAbove ? putInParts : putOnce)(name, bytes, signal);
    };
}
async function put(bucket, name, bytes, conditional, signal) {
    const command = new dist_cjs.PutObjectCommand({
        Bucket: bucket.bucket,
        Key: keyOf(bucket, name),
        // A buffer, never a stream: streams travel in a framing (aws-chunked) that some servers store as part of the object.
        Body: bytes,
        ContentLength: bytes.length,
        ContentType: 'application/octet-stream',
        // The signature covers the body's SHA-256, and Amazon gets a CRC; of the rest, all that check anything check this.
        ...(bucket.custom ? { ContentMD5: (0,external_node_crypto_.createHash)('md5').update(bytes).digest('base64') } : {}),
        ...(conditional ? { IfNoneMatch: '*' } : {}),
    });
    const { ETag } = await bucket.client.send(command, abortable(signal));
    if (ETag === undefined)
        throw notS3(bucket);
}
function asBuffer(bytes) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

;// CONCATENATED MODULE: ./build/store/s3.js
/**
 * A bucket as a store: `s3://BUCKET/PREFIX`, at Amazon or any server that speaks its protocol. An object of the store is one
 * object of the bucket; keys that could not name one are passed over. Requests are not repeated here: `withRetry` does that.
 */










/**
 * Each lane holds two, and one more while it is sent. At 8 MiB the requests for 1 TB cost about 0.60 USD at Amazon, a
 * fortieth of a month's storage; larger packs would save cents and cost memory, and a lost connection more to repeat.
 */
const PACK_SIZE = 8 * sizes/* MiB */.lv;
/** Bytes. Packs are below: one request, atomic, and nothing is left if it fails. */
const PARTS_ABOVE = 64 * sizes/* MiB */.lv;
/** Sends nothing yet. Throws `usage` for an endpoint that is none. */
function openS3Store(options) {
    const { bucket: name, prefix, warn, packSize = PACK_SIZE, partsAbove = PARTS_ABOVE } = options;
    const client = createS3Client(options);
    const bucket = { client, bucket: name, prefix, custom: options.endpoint !== undefined, partsAbove, warn };
    const write = createWriter(bucket);
    async function reach(action, signal, run) {
        checkCancelled(signal);
        return await attempting(action, signal, async () => {
            await checkRegion(client);
            return await run();
        });
    }
    return {
        location: (0,s3_location/* formatS3Location */.VP)(options),
        place: `${options.endpoint ?? 's3'} ${(0,s3_location/* formatS3Location */.VP)(options)}`,
        packSize,
        async *list(below, signal) {
            const pages = listObjects(bucket, below, signal);
            for (;;) {
                const page = await reach(`list ${placeOf(bucket, below)}`, signal, () => pages.next());
                if (page.done)
                    return;
                for (const object of page.value) {
                    checkCancelled(signal);
                    yield object;
                }
            }
        },
        async put(object, body, signal) {
            (0,object_name/* checkObjectName */.R)(object);
            await reach(`write ${placeOf(bucket, object)}`, signal, () => write(object, body, signal));
        },
        async get(object, request = {}) {
            (0,object_name/* checkObjectName */.R)(object);
            return await reach(`read ${placeOf(bucket, object)}`, request.signal, () => readObject(bucket, object, request));
        },
        async stat(object, signal) {
            (0,object_name/* checkObjectName */.R)(object);
            return await reach(`look at ${placeOf(bucket, object)}`, signal, async () => {
                return { name: object, size: await sizeOf(bucket, object, signal) };
            });
        },
        async delete(object, signal) {
            (0,object_name/* checkObjectName */.R)(object);
            await reach(`delete ${placeOf(bucket, object)}`, signal, async () => {
                const command = new dist_cjs.DeleteObjectCommand({ Bucket: name, Key: keyOf(bucket, object) });
                try {
                    await client.send(command, abortable(signal));
                }
                catch (error) {
                    if (statusOf(error) !== 404 || s3Code(error) === 'NoSuchBucket')
                        throw error;
                }
            });
        },
    };
}


/***/ })

};

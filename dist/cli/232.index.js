export const id = 232;
export const ids = [232];
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


/***/ })

};

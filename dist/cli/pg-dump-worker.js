import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
/******/ var __webpack_modules__ = ({

/***/ 919:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:worker_threads");

/***/ }),

/***/ 281:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   s: () => (/* binding */ askAndSleep)
/* harmony export */ });
/* unused harmony export answer */
/* harmony import */ var node_worker_threads__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(919);
/**
 * A question from a thread that has to sleep until it is answered, and the answer: bytes go through a port, a shared word says
 * that an answer lies in it.
 */

/** Hands the bytes over and sleeps. Returns the answer, nothing if the port was closed. */
function askAndSleep({ flag, port }, bytes) {
    const word = new Int32Array(flag);
    Atomics.store(word, 0, 0);
    port.postMessage(bytes);
    // Not every waking is an answer: where the one before was seen ahead of its `notify`, that comes only now.
    while (Atomics.load(word, 0) === 0)
        Atomics.wait(word, 0, 0);
    return (0,node_worker_threads__WEBPACK_IMPORTED_MODULE_0__.receiveMessageOnPort)(port)?.message ?? new Uint8Array();
}
function answer({ flag, port }, bytes) {
    port.postMessage(bytes);
    const word = new Int32Array(flag);
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
}


/***/ }),

/***/ 473:
/***/ ((__webpack_module__, __unused_webpack___webpack_exports__, __nccwpck_require__) => {

__nccwpck_require__.a(__webpack_module__, async (__webpack_handle_async_dependencies__, __webpack_async_result__) => { try {
/* harmony import */ var node_worker_threads__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(919);
/* harmony import */ var _blocking_port_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(281);
/* harmony import */ var _wire_js__WEBPACK_IMPORTED_MODULE_2__ = __nccwpck_require__(571);
var __rewriteRelativeImportExtension = (undefined && undefined.__rewriteRelativeImportExtension) || function (path, preserveJsx) {
    if (typeof path === "string" && /^\.\.?\//.test(path)) {
        return path.replace(/\.(tsx)$|((?:\.d)?)((?:\.[^./]+?)?)\.([cm]?)ts$/i, function (m, tsx, d, ext, cm) {
            return tsx ? preserveJsx ? ".jsx" : ".js" : d && (!ext || !cm) ? m : (d + ext + "." + cm.toLowerCase() + "js");
        });
    }
    return path;
};
/**
 * Runs the bundled pg_dump, which is WebAssembly and synchronous, in a thread of its own. Its wire protocol goes to the main
 * thread, which owns the authenticated connection: this thread hands over whole queries and sleeps until the answer is there.
 */



const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const DUMP_BEGIN = Buffer.from('--\n-- PostgreSQL database dump');
/**
 * pgDump() decodes the dump as UTF-8, which would alter what an SQL_ASCII database holds, and then deletes every line that
 * begins with `\restrict`, inside function bodies too. So the bytes are taken where it decodes them.
 */
let dump;
globalThis.TextDecoder = class extends TextDecoder {
    decode(input, options) {
        if (input !== undefined && DUMP_BEGIN.equals(input.subarray(0, DUMP_BEGIN.length))) {
            dump = input;
            return '';
        }
        return super.decode(input, options);
    }
};
// pg_dump begins its messages with the name by which it was called.
process.argv[1] = 'pg_dump';
if (node_worker_threads__WEBPACK_IMPORTED_MODULE_0__.parentPort === null)
    throw new Error('pg-dump-worker runs as a worker only');
node_worker_threads__WEBPACK_IMPORTED_MODULE_0__.parentPort.postMessage(await run(node_worker_threads__WEBPACK_IMPORTED_MODULE_0__.workerData));
async function run(input) {
    const server = {
        query: async () => ({ rows: [{ search_path: '' }] }),
        exec: async () => [],
        execProtocolRawStream: frontend(input),
    };
    try {
        const { pgDump } = await load();
        await pgDump({ pg: server, args: [...input.args] });
    }
    catch (error) {
        return { type: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
    return dump === undefined
        ? { type: 'failed', message: 'pg_dump wrote nothing' }
        : { type: 'done', text: new Uint8Array(dump) };
}
/**
 * A build copies the package's `pg_dump.js`, its chunk and `pg_dump.wasm` beside this file, as they are: bundled by ncc they
 * break (its interop loses `createRequire`), hence the comment that tells it to let the import alone.
 */
function load() {
    const module = import.meta.url.endsWith('.ts') ? '@electric-sql/pglite-tools/pg_dump' : './pg_dump.js';
    return import(__rewriteRelativeImportExtension(/* webpackIgnore: true */ module));
}
/** Takes what libpq sends, in whatever pieces, and answers when a message asks for an answer. */
function frontend(input) {
    const ask = (bytes) => (0,_blocking_port_js__WEBPACK_IMPORTED_MODULE_1__/* .askAndSleep */ .s)(input, bytes);
    const scanner = new _wire_js__WEBPACK_IMPORTED_MODULE_2__/* .MessageScanner */ .U4();
    let pending = [];
    let started = false;
    return (bytes, { onRawData }) => {
        // The bytes lie in WebAssembly memory that pg_dump uses again.
        pending.push(Uint8Array.from(bytes));
        if (!started) {
            const packet = Buffer.concat(pending);
            if (packet.length < 8 || packet.length < packet.readUInt32BE(0))
                return;
            pending = [];
            const request = packet.readUInt32BE(4);
            started = request !== SSL_REQUEST && request !== GSS_REQUEST;
            onRawData(started ? ask(new Uint8Array()) : Buffer.from('N'));
            return;
        }
        let answerDue = false;
        scanner.scan(bytes, type => {
            answerDue ||= type === _wire_js__WEBPACK_IMPORTED_MODULE_2__/* .QUERY */ .Jj || type === _wire_js__WEBPACK_IMPORTED_MODULE_2__/* .SYNC */ .a9;
        });
        if (!answerDue)
            return;
        const message = Buffer.concat(pending);
        pending = [];
        onRawData(ask(message));
    };
}

__webpack_async_result__();
} catch(e) { __webpack_async_result__(e); } }, 1);

/***/ }),

/***/ 571:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   Jj: () => (/* binding */ QUERY),
/* harmony export */   U4: () => (/* binding */ MessageScanner),
/* harmony export */   a9: () => (/* binding */ SYNC)
/* harmony export */ });
/* unused harmony exports ERROR_RESPONSE, READY_FOR_QUERY, TERMINATE, parseErrorResponse, greeting, parseMessage */
const HEADER = 5;
/** Bytes of an error response that are kept. */
const KEPT_LIMIT = 64 * 1024;
const NOTHING = Buffer.alloc(0);
const ERROR_RESPONSE = 0x45; // E
const READY_FOR_QUERY = 0x5a; // Z
const QUERY = 0x51; // Q
const SYNC = 0x53; // S
const TERMINATE = 0x58; // X
/** Follows the ends of messages in a byte stream that arrives in any pieces, without joining them. */
class MessageScanner {
    #header = Buffer.alloc(HEADER);
    #headerBytes = 0;
    #left = 0;
    #kept = [];
    #keptBytes = 0;
    #limitOf;
    /** `limitOf`: how many bytes of such a message's payload are kept; what is longer is cut. */
    constructor(limitOf = type => (type === ERROR_RESPONSE ? KEPT_LIMIT : 0)) {
        this.#limitOf = limitOf;
    }
    /**
     * Calls back once for each message that ends in these bytes, at offset `end` of them. `payload` is what was kept of it, of
     * the default an error response's alone.
     */
    scan(bytes, onMessage) {
        let position = 0;
        while (position < bytes.length) {
            if (this.#headerBytes < HEADER) {
                this.#header[this.#headerBytes++] = bytes[position++] ?? 0;
                if (this.#headerBytes < HEADER)
                    continue;
                this.#left = this.#header.readUInt32BE(1) - 4;
            }
            else {
                const part = bytes.subarray(position, position + this.#left);
                this.#keep(part, this.#limitOf(this.#header[0] ?? 0));
                position += part.length;
                this.#left -= part.length;
            }
            if (this.#left <= 0) {
                onMessage(this.#header[0] ?? 0, this.#keptBytes === 0 ? NOTHING : Buffer.concat(this.#kept), position);
                this.#headerBytes = 0;
                if (this.#keptBytes > 0)
                    this.#kept = [];
                this.#keptBytes = 0;
            }
        }
    }
    #keep(part, limit) {
        if (part.length === 0 || this.#keptBytes >= limit)
            return;
        const copy = Buffer.from(part.subarray(0, limit - this.#keptBytes));
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
        schema: fields.get('s'),
        table: fields.get('t'),
        column: fields.get('c'),
        dataType: fields.get('d'),
        constraint: fields.get('n'),
        routine: fields.get('R'),
        file: fields.get('F'),
        position: fields.get('P'),
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
/** Asks the server to read a statement, and to say when it has: Parse without a name or types, Sync. */
function parseMessage(sql) {
    return Buffer.concat([
        message('P', Buffer.concat([Buffer.of(0), sql, Buffer.alloc(3)])),
        message('S', Buffer.alloc(0)),
    ]);
}
function message(type, payload) {
    const head = Buffer.alloc(HEADER);
    head.write(type, 'latin1');
    head.writeUInt32BE(payload.length + 4, 1);
    return Buffer.concat([head, payload]);
}


/***/ })

/******/ });
/************************************************************************/
/******/ // The module cache
/******/ var __webpack_module_cache__ = {};
/******/ 
/******/ // The require function
/******/ function __nccwpck_require__(moduleId) {
/******/ 	// Check if module is in cache
/******/ 	var cachedModule = __webpack_module_cache__[moduleId];
/******/ 	if (cachedModule !== undefined) {
/******/ 		return cachedModule.exports;
/******/ 	}
/******/ 	// Create a new module (and put it into the cache)
/******/ 	var module = __webpack_module_cache__[moduleId] = {
/******/ 		// no module.id needed
/******/ 		// no module.loaded needed
/******/ 		exports: {}
/******/ 	};
/******/ 
/******/ 	// Execute the module function
/******/ 	var threw = true;
/******/ 	try {
/******/ 		__webpack_modules__[moduleId](module, module.exports, __nccwpck_require__);
/******/ 		threw = false;
/******/ 	} finally {
/******/ 		if(threw) delete __webpack_module_cache__[moduleId];
/******/ 	}
/******/ 
/******/ 	// Return the exports of the module
/******/ 	return module.exports;
/******/ }
/******/ 
/************************************************************************/
/******/ /* webpack/runtime/asset-relocator-loader */
/******/ if (typeof __nccwpck_require__ !== 'undefined') __nccwpck_require__.ab = decodeURIComponent(new URL('.', import.meta.url).pathname).slice(import.meta.url.match(/^file:\/\/\/\w:/) ? 1 : 0, -1) + "/";
/******/ 
/******/ /* webpack/runtime/async module */
/******/ (() => {
/******/ 	var webpackQueues = typeof Symbol === "function" ? Symbol("webpack queues") : "__webpack_queues__";
/******/ 	var webpackExports = typeof Symbol === "function" ? Symbol("webpack exports") : "__webpack_exports__";
/******/ 	var webpackError = typeof Symbol === "function" ? Symbol("webpack error") : "__webpack_error__";
/******/ 	var resolveQueue = (queue) => {
/******/ 		if(queue && queue.d < 1) {
/******/ 			queue.d = 1;
/******/ 			queue.forEach((fn) => (fn.r--));
/******/ 			queue.forEach((fn) => (fn.r-- ? fn.r++ : fn()));
/******/ 		}
/******/ 	}
/******/ 	var wrapDeps = (deps) => (deps.map((dep) => {
/******/ 		if(dep !== null && typeof dep === "object") {
/******/ 			if(dep[webpackQueues]) return dep;
/******/ 			if(dep.then) {
/******/ 				var queue = [];
/******/ 				queue.d = 0;
/******/ 				dep.then((r) => {
/******/ 					obj[webpackExports] = r;
/******/ 					resolveQueue(queue);
/******/ 				}, (e) => {
/******/ 					obj[webpackError] = e;
/******/ 					resolveQueue(queue);
/******/ 				});
/******/ 				var obj = {};
/******/ 				obj[webpackQueues] = (fn) => (fn(queue));
/******/ 				return obj;
/******/ 			}
/******/ 		}
/******/ 		var ret = {};
/******/ 		ret[webpackQueues] = x => {};
/******/ 		ret[webpackExports] = dep;
/******/ 		return ret;
/******/ 	}));
/******/ 	__nccwpck_require__.a = (module, body, hasAwait) => {
/******/ 		var queue;
/******/ 		hasAwait && ((queue = []).d = -1);
/******/ 		var depQueues = new Set();
/******/ 		var exports = module.exports;
/******/ 		var currentDeps;
/******/ 		var outerResolve;
/******/ 		var reject;
/******/ 		var promise = new Promise((resolve, rej) => {
/******/ 			reject = rej;
/******/ 			outerResolve = resolve;
/******/ 		});
/******/ 		promise[webpackExports] = exports;
/******/ 		promise[webpackQueues] = (fn) => (queue && fn(queue), depQueues.forEach(fn), promise["catch"](x => {}));
/******/ 		module.exports = promise;
/******/ 		body((deps) => {
/******/ 			currentDeps = wrapDeps(deps);
/******/ 			var fn;
/******/ 			var getResult = () => (currentDeps.map((d) => {
/******/ 				if(d[webpackError]) throw d[webpackError];
/******/ 				return d[webpackExports];
/******/ 			}))
/******/ 			var promise = new Promise((resolve) => {
/******/ 				fn = () => (resolve(getResult));
/******/ 				fn.r = 0;
/******/ 				var fnQueue = (q) => (q !== queue && !depQueues.has(q) && (depQueues.add(q), q && !q.d && (fn.r++, q.push(fn))));
/******/ 				currentDeps.map((dep) => (dep[webpackQueues](fnQueue)));
/******/ 			});
/******/ 			return fn.r ? promise : getResult();
/******/ 		}, (err) => ((err ? reject(promise[webpackError] = err) : outerResolve(exports)), resolveQueue(queue)));
/******/ 		queue && queue.d < 0 && (queue.d = 0);
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/define property getters */
/******/ (() => {
/******/ 	// define getter functions for harmony exports
/******/ 	__nccwpck_require__.d = (exports, definition) => {
/******/ 		for(var key in definition) {
/******/ 			if(__nccwpck_require__.o(definition, key) && !__nccwpck_require__.o(exports, key)) {
/******/ 				Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
/******/ 			}
/******/ 		}
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/hasOwnProperty shorthand */
/******/ (() => {
/******/ 	__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
/******/ })();
/******/ 
/************************************************************************/
/******/ 
/******/ // startup
/******/ // Load entry module and return exports
/******/ // This entry module used 'module' so it can't be inlined
/******/ var __webpack_exports__ = __nccwpck_require__(473);
/******/ __webpack_exports__ = await __webpack_exports__;
/******/ 

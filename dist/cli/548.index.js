export const id = 548;
export const ids = [548];
export const modules = {

/***/ 548:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   askOn: () => (/* binding */ askOn)
/* harmony export */ });
/* harmony import */ var node_readline__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(481);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(9473);
/** Questions on a terminal. They go to stderr, so that stdout holds the result alone. */


/** Undefined where nobody could answer. Aborting, and the end of the input, reject with `cancelled`. */
function askOn(stdin, stderr, signal) {
    if (stdin.isTTY !== true || stderr.isTTY !== true)
        return undefined;
    // One reader for all questions, so that lines that were pasted at once are not lost. Not as a terminal: then the line is
    // the terminal's own to edit, and Ctrl-C stays a signal.
    let lines;
    return async (question) => {
        signal.throwIfAborted();
        stderr.write(question);
        lines ??= (0,node_readline__WEBPACK_IMPORTED_MODULE_0__.createInterface)({ input: stdin, terminal: false })[Symbol.asyncIterator]();
        stdin.ref?.();
        try {
            const { value, done } = await orAborted(lines.next(), signal);
            if (done !== true)
                return value;
            throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .ComebackError */ .U$('cancelled', 'The question was not answered: the input ended.');
        }
        finally {
            stdin.unref?.();
        }
    };
}
async function orAborted(promise, signal) {
    const { promise: aborted, reject } = Promise.withResolvers();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
        return await Promise.race([promise, aborted]);
    }
    finally {
        signal.removeEventListener('abort', abort);
    }
}


/***/ })

};

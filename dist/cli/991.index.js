export const id = 991;
export const ids = [991];
export const modules = {

/***/ 7991:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  run: () => (/* binding */ run)
});

// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(9473);
;// CONCATENATED MODULE: ./build/report/palette.js
/** The few colours of the terminal. */
function createPalette(colours) {
    const style = (on, off) => (text) => (colours ? `\x1b[${on}m${text}\x1b[${off}m` : text);
    return { bold: style(1, 22), dim: style(2, 22), red: style(31, 39), yellow: style(33, 39), green: style(32, 39) };
}

;// CONCATENATED MODULE: ./build/report/scrub.js
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
const CLOSED_FIELDS = new Set(['command', 'component', 'status', 'severity', 'code']);
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

;// CONCATENATED MODULE: ./build/report/quantities.js
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

;// CONCATENATED MODULE: ./build/run/deadline.js
/** When a run is over though it hasn't ended: cancelled, out of time, or deaf to both. */


/** Milliseconds that an aborted run gets to close what is open: a person waits, a time-out doesn't. */
const GRACE = { cancelled: 3_000, timeout: 15_000 };
/**
 * Runs with a signal that aborts when `signal` does or when the time is up, with the reason as a `ComebackError`. Whatever
 * comes of an aborted run then is thrown as that reason; a run that doesn't heed the signal is left behind.
 */
async function withDeadline(timeout, signal, run) {
    const time = new AbortController();
    const timer = timeout === undefined ? undefined : setTimeout(() => time.abort(timeoutError(timeout)), timeout);
    const either = AbortSignal.any([signal, time.signal]);
    const patience = new AbortController();
    try {
        return await Promise.race([run(either), graceOver(either, patience.signal)]);
    }
    catch (error) {
        if (!either.aborted || error === either.reason)
            throw error;
        const { code, message, hint } = reasonOf(either);
        throw new errors/* ComebackError */.U$(code, message, { hint, cause: error });
    }
    finally {
        clearTimeout(timer);
        patience.abort();
    }
}
function timeoutError(timeout) {
    return new errors/* ComebackError */.U$('timeout', `The run was stopped: --timeout of ${durationText(timeout / 1000)} was reached.`, {
        hint: 'Give it more time, more connections (--lanes), or less to do (--exclude-table-data, --schema-only).',
    });
}
function graceOver(signal, done) {
    return new Promise((_, reject) => {
        const begin = () => {
            const reason = reasonOf(signal);
            const timer = setTimeout(() => reject(reason), reason.code === 'timeout' ? GRACE.timeout : GRACE.cancelled);
            done.addEventListener('abort', () => clearTimeout(timer), { once: true });
        };
        if (signal.aborted)
            begin();
        else
            signal.addEventListener('abort', begin, { once: true });
    });
}
function reasonOf(signal) {
    const reason = signal.reason;
    return reason instanceof errors/* ComebackError */.U$
        ? reason
        : new errors/* ComebackError */.U$('cancelled', 'The run was cancelled.', { cause: reason });
}

;// CONCATENATED MODULE: ./build/report/printable.js
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

;// CONCATENATED MODULE: ./build/report/wrap.js
/** Text broken between words, as terminals break it anywhere. */

/**
 * Lines of at most `width` columns, the first as it comes, the others indented. A word that is wider than a line, such as a
 * URL, stays whole, so that it can be copied. Line breaks in the text are kept.
 */
function wrapped(text, width, indent) {
    const margin = ' '.repeat(indent);
    const lines = [];
    for (const paragraph of text.trimEnd().split('\n')) {
        let line;
        for (const word of paragraph.split(' ')) {
            if (line !== undefined && widthOf(line) + 1 + widthOf(word) <= width)
                line = `${line} ${word}`;
            else {
                if (line !== undefined)
                    lines.push(line);
                line = (lines.length > 0 ? margin : '') + word;
            }
        }
        lines.push(line ?? '');
    }
    return lines;
}

;// CONCATENATED MODULE: ./build/report/text-error.js
/** An error as a person reads it. */

const NAME = 'comeback:';
/** What went wrong, what to do, the code, each on lines of at most `width` columns. Ends in a line break. */
function renderError(error, { red, dim }, width = Number.POSITIVE_INFINITY) {
    const message = wrapped(`${NAME} ${error.message}`, width, 4).join('\n');
    const hint = error.hint === undefined ? [] : wrapped(`  hint: ${error.hint}`, width, 4);
    return [red(NAME) + message.slice(NAME.length), ...hint, dim(`  code: ${error.code}`), ''].join('\n');
}
/** For whoever looks for the reason: each cause with its stack, outermost first. */
function causesOf(error) {
    const parts = [];
    const seen = new Set();
    for (let cause = error; cause !== undefined && !seen.has(cause); cause = cause instanceof Error ? cause.cause : undefined) {
        seen.add(cause);
        parts.push(cause instanceof Error ? (cause.stack ?? `${cause.name}: ${cause.message}`) : String(cause));
    }
    return `${parts.join('\ncaused by: ')}\n`;
}
function indented(text) {
    return text.trimEnd().replaceAll('\n', '\n    ');
}

;// CONCATENATED MODULE: ./build/report/text-restore-plan.js


const MODES = {
    atomic: 'atomic: all of it in one transaction, or nothing',
    swap: 'swap: into a new database beside this one; then they exchange their names, and this one is kept',
    parallel: 'parallel: through several connections into the empty database',
};
const WAYS = {
    new: 'made beside its place and renamed into it: whole or not at all',
    swap: 'made beside its place and switched in for what is there, which is kept',
    merge: 'file by file, all or none; what the backup does not hold stays',
};
/** `now`: it is about to be carried out, and its report will hold the warnings. */
function restorePlanLines(report, palette, when = 'dry-run') {
    const { bold, dim, red, yellow } = palette;
    const { component, id, status, time, age, bytes, store, target, safety } = report;
    const made = `${timeText(time)}, ${secondsText(age)} ago`;
    const facts = [
        `${bold(component)} ${when === 'now' ? 'restore:' : 'restore plan; nothing was changed'}`,
        `  backup  ${id}, ${status === 'partial' ? yellow(status) : status}, ${sizeText(bytes)}`,
        `          made ${made}, in ${store}`,
        ...(target.kind === 'database' ? databaseLines(target, report) : folderLines(target)),
        ...target.losses.map(({ what, names }) => `  ${red('lost:')}   ${what}${namesText(names)}`),
        ...(target.losses.length === 0 ? [] : [`          and whatever else was written there since the backup was made`]),
        ...(safety === undefined ? [] : [safetyLine(safety, palette)]),
    ];
    if (when === 'now')
        return facts;
    return [
        ...facts,
        ...target.problems.flatMap(({ message, hint }) => [
            `  ${yellow('warning:')} ${indented(message)}`,
            ...(hint === undefined ? [] : [`    hint: ${indented(hint)}`]),
        ]),
        ...verdictLines(report, { red, dim }),
    ];
}
/** `3 tables, 1 view`. */
function countsText(counts) {
    return Object.entries(counts)
        .map(([kind, number]) => countText(number, kind))
        .join(', ');
}
/** `100,000 files or more`. */
function filesText({ files, more }) {
    if (files === 0)
        return 'no files';
    return `${countText(files, 'file')}${more ? ' or more' : ''}`;
}
/** What the backup puts into a folder. */
function bringsText({ files, folders, links, bytes }) {
    const more = [
        ...(folders === 0 ? [] : [countText(folders, 'folder')]),
        ...(links === 0 ? [] : [countText(links, 'link')]),
    ];
    return [`${countText(files, 'file')} (${sizeText(bytes)})`, ...more].join(', ');
}
function modeText({ mode }) {
    return mode === undefined ? 'none that fits' : MODES[mode];
}
/** Whether it would be restored over its own source. */
function sourceText({ madeFrom }, { ownSource }) {
    if (ownSource === undefined)
        return undefined;
    if (ownSource)
        return 'the database that the backup was made from';
    const from = madeFrom === undefined ? '' : `: made from ${madeFrom.database}, ${madeFrom.server}`;
    return `by its address not what was backed up${from}`;
}
function secondsText(seconds) {
    return ageText(new Date(0), new Date(seconds * 1000));
}
function databaseLines(target, plan) {
    const { place, database, user, server, holds, kept, chosen } = target;
    const source = sourceText(target, plan);
    const now = holds === undefined ? 'empty' : `${countsText(holds.counts)}${namesText(holds.examples)}, ${sizeText(holds.bytes)}`;
    return [
        `  into    ${place} (database ${database}), as ${user}, ${server}`,
        ...(source === undefined ? [] : [`          ${source}`]),
        ...(chosen === undefined ? [] : [`  only    ${chosen}`]),
        `  now     ${now}`,
        `  mode    ${modeText(target)}`,
        ...(kept === undefined ? [] : [`  kept    as ${kept}, until it is discarded; the disk must hold both`]),
    ];
}
function folderLines({ place, way, kept, brings, holds }) {
    return [
        `  into    ${place}`,
        `  now     ${filesText(holds)}`,
        `  brings  ${bringsText(brings)}`,
        `  how     ${WAYS[way]}`,
        ...(kept === undefined ? [] : [`  kept    ${kept}`]),
    ];
}
function safetyLine(safety, { red }) {
    return `  safety  ${safety.wanted ? safetyText(safety) : red(safetyText(safety))}`;
}
/** `a backup of it is made first, in file:./backups (12 MB on its disk)`. */
function safetyText({ wanted, store, bytes }) {
    if (!wanted)
        return 'no backup of it is made first, as was asked for';
    return `a backup of it is made first, in ${store}${bytes === undefined ? '' : ` (it takes ${sizeText(bytes)} on its disk)`}`;
}
function verdictLines({ target, confirm }, { red, dim }) {
    if (target.refusal !== undefined) {
        const { message, hint, code } = target.refusal;
        return [
            `  ${red('would be refused:')} ${indented(message)}`,
            ...(hint === undefined ? [] : [`    hint: ${indented(hint)}`]),
            dim(`  code: ${code}`),
        ];
    }
    return [`  To carry it out: the same without --dry-run${confirm === undefined ? '' : `, with --confirm ${confirm}`}`];
}
function namesText(names) {
    return names.length === 0 ? '' : ` (${names.join(', ')})`;
}

;// CONCATENATED MODULE: ./build/run/display.js




/** Warnings and notices alone. */
function quietDisplay(options) {
    const { output } = options;
    const line = (text) => {
        output.write(`${text}\n`);
    };
    const report = (event) => {
        if (isRemark(event))
            line(remarkText(event, options));
    };
    return { report, line, stop: () => undefined };
}
function isRemark(event) {
    return event.type === 'warning' || event.type === 'notice';
}
/** What a restore is about to do. */
function planLines(plan, { palette, scrub }) {
    return restorePlanLines(scrubbed(scrubbed(plan, scrub), printable), palette, 'now');
}
/** Wrapped between words on a terminal, one line elsewhere. */
function remarkText(event, { palette, scrub, output }) {
    const width = output.isTTY ? (output.columns ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
    const clean = (text) => onOneLine(scrub(text));
    const said = (head, style, text) => style(head) +
        wrapped(`${head} ${clean(text)}`, width, 2)
            .join('\n')
            .slice(head.length);
    if (event.type === 'notice')
        return said('note:', palette.bold, event.message);
    const component = event.component === undefined ? '' : `${event.component}: `;
    const hint = event.hint === undefined ? [] : wrapped(`  hint: ${clean(event.hint)}`, width, 4);
    return [said('warning:', palette.yellow, component + event.message), ...hint].join('\n');
}

;// CONCATENATED MODULE: ./build/run/environment.js
/** The environment variables of a process, as the edges hand them on. */
/** Whether a switch such as `CI` is on. */
function isSet(value) {
    return value !== undefined && value !== '' && value !== 'false' && value !== '0';
}
function isCi(environment) {
    return isSet(environment.CI) || isSet(environment.GITHUB_ACTIONS);
}

;// CONCATENATED MODULE: ./build/run/github.js
const API_URL = 'https://api.github.com';
const SERVER_URL = 'https://github.com';
function githubContext(environment, run) {
    return {
        apiUrl: environment.GITHUB_API_URL || API_URL,
        serverUrl: environment.GITHUB_SERVER_URL || SERVER_URL,
        repository: environment.GITHUB_REPOSITORY || undefined,
        run,
    };
}

;// CONCATENATED MODULE: ./build/run/tally.js


/** Milliseconds that a rate looks back: long enough to be calm, short enough to notice a stall. */
const RATE_WINDOW = 10_000;
/** Milliseconds between two samples of the rate. */
const SAMPLE_EVERY = 500;
/** Milliseconds before a rate means anything. */
const RATE_AFTER = 1_000;
function createTally(now) {
    const counts = new Map();
    const of = (component) => {
        const count = counts.get(component) ?? newCount(component, now());
        counts.set(component, count);
        return count;
    };
    const add = (event) => {
        if (isRemark(event))
            return;
        if (event.type === 'done' || event.type === 'plan') {
            counts.delete(event.component);
            return;
        }
        const count = of(event.component);
        if (event.type === 'phase')
            count.phase = event.text;
        else if (event.type === 'expect')
            count.expected = event.bytes;
        else {
            Object.assign(count, { done: event.done, fresh: event.fresh, stored: event.stored });
            sample(count, now());
        }
    };
    return { add, of, running: () => [...counts.values()] };
}
/** What there is to say, the most important first: `412 MB of 1.1 GB`, `92 MB/s`, `0:07 left`, `12 MB new`, `38%`. */
function numbersOf(count, now) {
    const { done, expected, fresh, stored } = count;
    // An estimate that was too low is no use any more.
    const ahead = expected > 0 && done <= expected;
    const numbers = [ahead ? `${sizeText(done)} of ${sizeText(expected)}` : sizeText(done)];
    if (done === 0 && !ahead)
        return [];
    const rate = rateOf(count, now);
    if (rate !== undefined)
        numbers.push(rateText(rate, 1));
    if (rate !== undefined && rate > 0 && ahead)
        numbers.push(`${clockText((expected - done) / rate)} left`);
    // A restore has nothing that could be new.
    if (fresh > 0 || stored > 0)
        numbers.push(`${sizeText(fresh)} new`);
    if (ahead)
        numbers.push(percent(done, expected));
    return numbers;
}
function newCount(component, at) {
    return { component, phase: '', expected: 0, done: 0, fresh: 0, stored: 0, samples: [{ at, done: 0 }] };
}
function sample(count, now) {
    const { samples, done } = count;
    if (now - (samples.at(-1)?.at ?? 0) < SAMPLE_EVERY)
        return;
    samples.push({ at: now, done });
    while ((samples[1]?.at ?? now) < now - RATE_WINDOW)
        samples.shift();
}
/** Bytes a second over the window, which goes on while nothing comes: a stall lets it sink to nothing. */
function rateOf({ samples, done }, now) {
    const first = samples.findLast(({ at }) => at <= now - RATE_WINDOW) ?? samples[0];
    if (first === undefined || now - first.at < RATE_AFTER || done === 0)
        return undefined;
    return ((done - first.done) / (now - first.at)) * 1000;
}
/** Never 100% before the last byte. */
function percent(done, expected) {
    return `${Math.floor((done / expected) * 100)}%`;
}

;// CONCATENATED MODULE: ./build/run/plain-display.js



/** Milliseconds between two lines on the bytes of one component. */
const BYTES_INTERVAL = 30_000;
function plainDisplay(options) {
    const { scrub, now } = options;
    const quiet = quietDisplay(options);
    const phases = new Map();
    const spokenAt = new Map();
    const tally = createTally(now);
    const report = (event) => {
        tally.add(event);
        if (isRemark(event))
            quiet.report(event);
        if (event.type === 'plan')
            for (const text of planLines(event.plan, options))
                quiet.line(text);
        if (isRemark(event) || event.type === 'done' || event.type === 'plan')
            return;
        const { component } = event;
        const last = spokenAt.get(component) ?? now();
        spokenAt.set(component, last);
        if (event.type === 'phase') {
            const text = onOneLine(scrub(event.text));
            if (phases.get(component) !== text)
                quiet.line(`${component}: ${text}`);
            phases.set(component, text);
        }
        else if (event.type === 'bytes' && now() - last >= BYTES_INTERVAL) {
            spokenAt.set(component, now());
            quiet.line(`${component}: ${numbersOf(tally.of(component), now()).join(', ')}`);
        }
    };
    return { ...quiet, report };
}

// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
;// CONCATENATED MODULE: ./build/options.js
/**
 * Every option once: name, type, default, environment variable, help. The CLI, the Action, action.yml and README come from
 * this table. `option-values.ts` parses what was given, `options-table.ts` writes the README's tables.
 */
const options_VERBS = [
    'backup',
    'restore',
    'list',
    'status',
    'check',
    'prune',
    'export',
    'import',
    'init',
    'key',
];
const ALL = options_VERBS;
const WITH_STORE = ['backup', 'restore', 'list', 'status', 'check', 'prune', 'export', 'import'];
const WITH_LOG = ['backup', 'restore', 'check', 'prune', 'export', 'import'];
function keep(what) {
    return {
        type: 'integer',
        placeholder: 'N',
        min: 1,
        max: 100_000,
        verbs: ['prune'],
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
    allowPublicArtifacts: {
        type: 'flag',
        verbs: ['backup', 'restore', 'init'],
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
        verbs: ['restore'],
        help: 'The database to restore into, if it is another one than --database-url.',
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
        placeholder: 'DIR',
        default: './tmp/backups',
        verbs: ['import'],
        help: 'The folder of the old shell scripts, with database, files and config in it.',
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
        verbs: ['restore', 'prune'],
        help: 'Show what would be done, and do nothing.',
    },
    confirm: {
        type: 'string',
        placeholder: 'NAME',
        verbs: ['restore'],
        help: 'The name of the database or folder that may be replaced or removed, typed by whoever wants it.',
    },
    undo: {
        type: 'flag',
        verbs: ['restore'],
        help: 'Bring back what the target held before the last restore: the newest safety backup of it.',
    },
    includeSafety: {
        type: 'flag',
        verbs: ['restore', 'export'],
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
        verbs: ['backup', 'restore'],
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
    keepLast: keep('so many of the newest backups'),
    keepHourly: keep('the newest backup of each of so many hours that hold one'),
    keepDaily: keep('the newest backup of each of so many days that hold one'),
    keepWeekly: keep('the newest backup of each of so many weeks that hold one'),
    keepMonthly: keep('the newest backup of each of so many months that hold one'),
    keepYearly: keep('the newest backup of each of so many years that hold one'),
    apply: { type: 'flag', verbs: ['prune'], help: 'Remove what the plan says. Without it the plan is only shown.' },
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
        type: 'duration',
        placeholder: 'DURATION',
        max: '3650d',
        verbs: ['status'],
        help: 'Fail if the last good backup of a component is older.',
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
        verbs: ['backup', 'restore'],
        help: 'A pg_dump to use in place of the bundled one, for a server that is newer.',
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
        verbs: ['backup', 'restore'],
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
    recoverySheet: {
        type: 'string',
        placeholder: 'FILE',
        verbs: ['init'],
        help: 'Write the recovery sheet into this Markdown file instead of printing it.',
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
const options_OPTIONS = TABLE;
const options_OPTION_NAMES = Object.keys(TABLE);
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
    return [own, ...(options_OPTIONS[name].alsoFrom ?? [])];
}
function options_optionsOf(verb) {
    return options_OPTION_NAMES.filter(name => options_OPTIONS[name].verbs.includes(verb));
}

;// CONCATENATED MODULE: ./build/run/secrets.js
/** What must never show, as far as the edges know it. */



const SECRET_VARIABLES = [
    'COMEBACK_KEY',
    'PGPASSWORD',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'ACTIONS_RUNTIME_TOKEN',
    ...variables('value'),
];
const URL_VARIABLES = variables('url');
/** Bytes. A key is far shorter; a larger file is something else. */
const LARGEST_KEY_FILE = 4_096;
/** Those of the environment, and any URL among the arguments, whether or not it stands where it belongs. */
function secretsGiven(argv, environment) {
    const read = (name) => environment[name] ?? '';
    const words = argv.map(argument => argument.replace(/^--?[\w-]+=/, ''));
    const flagged = words.filter((_, at) => isSecretFlag(argv[at] ?? '') || isSecretFlag(`${argv[at - 1]}=`));
    const urls = [...URL_VARIABLES.map(read), ...words];
    return [...SECRET_VARIABLES.map(read), ...flagged, ...urls.flatMap(url => secretsOfUrl(url.trim()))].filter(text => text !== '');
}
/** `--github-token=…`. */
function isSecretFlag(argument) {
    return options_OPTION_NAMES.some(name => options_OPTIONS[name].secret === 'value' && argument.startsWith(`--${kebab(name)}=`));
}
function variables(kind) {
    return options_OPTION_NAMES.filter(name => options_OPTIONS[name].secret === kind).flatMap(variablesOf);
}
/** The key in the key file, if there is one that can be read. */
function keyInFile(path) {
    try {
        return (0,external_node_fs_.statSync)(path).size <= LARGEST_KEY_FILE ? (0,external_node_fs_.readFileSync)(path, 'utf8').trim() : undefined;
    }
    catch {
        // No key file, nothing to hide; whoever needs the key reports why it can't be read.
        return undefined;
    }
}

// EXTERNAL MODULE: ./build/version.js
var version = __webpack_require__(8508);
;// CONCATENATED MODULE: ./build/run/log.js
/**
 * The log of one run, for whoever looks into it a week later. It is written line by line, synchronously, so that it is
 * complete up to the moment in which a process is killed.
 */








/** Runs that begin in the same second get a number each. */
const MOST_IN_A_SECOND = 100;
const PLAIN = createPalette(false);
/** `YYYYMMDDTHHMMSSZ-<verb>.log`, readable by its owner alone. Never throws. */
function openLog(options) {
    const { now, scrub } = options;
    let file = attempt(options, () => create(options));
    const write = (text) => {
        const open = file;
        if (open !== undefined && !attempt(options, () => (0,external_node_fs_.writeSync)(open, text) >= 0))
            file = undefined;
    };
    const line = (text) => write(`${now().toISOString()} ${onOneLine(scrub(text))}\n`);
    return {
        line,
        event: event => {
            if (event.type === 'phase')
                line(`${event.component}: ${event.text}`);
            if (event.type === 'plan')
                for (const text of planLines(event.plan, { palette: PLAIN, scrub }))
                    line(text);
            if (event.type === 'notice')
                line(`note: ${event.message}`);
            if (event.type === 'warning')
                line(warningText(event));
        },
        block: text => write(`\n${printable(scrub(text)).trimEnd()}\n\n`),
        close: () => {
            const open = file;
            if (open !== undefined)
                attempt(options, () => (0,external_node_fs_.closeSync)(open));
            file = undefined;
        },
    };
}
/** The options of a verb as they took effect, of a URL only host and database. */
function optionsText(verb, options) {
    return options_optionsOf(verb)
        .filter(name => options[name] !== undefined && options[name] !== false && String(options[name]) !== '')
        .map(name => `--${kebab(name)} ${valueText(name, options[name])}`)
        .join(' ');
}
/** `db.example.com:5432/app` of a URL; nothing of what can't be read as one. */
function placeOf(url) {
    const parsed = URL.parse(url);
    if (parsed === null)
        return '(unreadable)';
    const place = `${parsed.host}${parsed.pathname}`;
    return secretsOfUrl(url).some(secret => place.includes(secret)) ? '(hidden)' : place;
}
function valueText(name, value) {
    if (options_OPTIONS[name].secret === 'url')
        return placeOf(String(value));
    if (options_OPTIONS[name].secret === 'value')
        return '(hidden)';
    if (options_OPTIONS[name].type === 'duration')
        return durationText(Number(value) / 1000).replaceAll(' ', '');
    return typeof value === 'object' ? value.map(word => JSON.stringify(word)).join(' ') : String(value);
}
function warningText({ component, message, hint }) {
    return `warning: ${component === undefined ? '' : `${component}: `}${message}${hint === undefined ? '' : ` (${hint})`}`;
}
function create({ directory, verb, now }) {
    (0,external_node_fs_.mkdirSync)(directory, { recursive: true, mode: 0o700 });
    const stamp = now().toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');
    for (let number = 1;; number++) {
        const name = `${stamp}-${verb}${number === 1 ? '' : `-${number}`}.log`;
        try {
            return (0,external_node_fs_.openSync)((0,external_node_path_.join)(directory, name), 'wx', 0o600);
        }
        catch (error) {
            const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
            if (!taken || number === MOST_IN_A_SECOND)
                throw error;
        }
    }
}
/** A full disk or a folder of somebody else must not stop a backup. */
function attempt({ directory, warn }, action) {
    try {
        return action();
    }
    catch (error) {
        warn(`No log of this run in ${directory}: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
    }
}

;// CONCATENATED MODULE: ./build/run/start-log.js
/** Begins the log of a run with what was asked for. */




/** None for verbs that only look. Never throws. */
function startLog(command, options, { cwd, ...how }) {
    const { verb } = command;
    if (!options_OPTIONS.logDir.verbs.includes(verb))
        return undefined;
    const log = openLog({ directory: (0,external_node_path_.resolve)(cwd, options.logDir), verb, ...how });
    log.line(`comeback ${version/* VERSION */.x}, node ${process.versions.node}, ${process.platform} ${process.arch}`);
    log.line(Object.values(command).flat().join(' '));
    log.line(`options: ${optionsText(verb, options)}`);
    return log;
}

;// CONCATENATED MODULE: ./build/nearest.js
/** What somebody who mistyped a word probably meant. */
/** The candidate that begins with the word, or else the one that the fewest slips lie between; none if all are far off. */
function nearest(word, candidates) {
    const longer = candidates.find(candidate => word.length >= 3 && candidate.startsWith(word));
    if (longer !== undefined)
        return longer;
    const ranked = candidates
        .map(candidate => ({ candidate, slips: slipsBetween(word.toLowerCase(), candidate) }))
        .filter(({ candidate, slips }) => slips <= Math.max(1, Math.floor(candidate.length / 3)))
        .sort((left, right) => left.slips - right.slips);
    return ranked[0]?.candidate;
}
/** Letters added, dropped, replaced, or swapped with their neighbour (optimal string alignment). */
function slipsBetween(left, right) {
    let before = [];
    let row = Array.from({ length: right.length + 1 }, (_, index) => index);
    for (let i = 1; i <= left.length; i++) {
        const next = [i];
        for (let j = 1; j <= right.length; j++) {
            const same = left[i - 1] === right[j - 1] ? 0 : 1;
            const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
            next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same, swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY);
        }
        before = row;
        row = next;
    }
    return row[right.length] ?? 0;
}

;// CONCATENATED MODULE: ./build/option-values.js
/** Values are text everywhere outside (arguments, variables, inputs); here they become `Options`, the same way for all. */


/**
 * What was given (flags or inputs, as text; a flag without a value reads `true`) goes before the environment, and that
 * before the default. What the verb doesn't use keeps its default, so that a variable set for another verb does no harm.
 * An empty variable counts as unset. `spell` is how errors name an option. Throws `usage`.
 */
function resolveOptions(verb, given, environment, spell = flag) {
    const resolve = (name) => {
        const spec = options_OPTIONS[name];
        const used = spec.verbs.includes(verb);
        const values = given.get(name);
        if (used && values !== undefined)
            return parse(spec, values, spell(name));
        const variable = variablesOf(name).find(variable => (environment[variable] ?? '').trim() !== '');
        if (used && variable !== undefined)
            return parse(spec, valuesIn(environment[variable] ?? '', spec), variable);
        if (spec.type === 'list')
            return [];
        if (spec.type === 'flag')
            return false;
        return spec.default === undefined ? undefined : parse(spec, [spec.default], spell(name));
    };
    // `SpecOf` has checked that each spec yields the type that the interface declares.
    const options = Object.fromEntries(options_OPTION_NAMES.map(name => [name, resolve(name)]));
    if ((verb === 'backup' || verb === 'import') && options.codec === 'gzip' && (options.level ?? 1) > 9) {
        throw new errors/* ComebackError */.U$('usage', `gzip has no level ${options.level}.`, {
            hint: `Its levels go from 1 to 9. Or use ${spell('codec')} zstd, which has 22.`,
        });
    }
    return options;
}
/** Of a variable or an input: lists have one value a line; a secret that was pasted often ends in a line break. */
function valuesIn(text, spec) {
    if (spec.type !== 'list')
        return [text.trim()];
    return text
        .split('\n')
        .map(line => line.trim())
        .filter(line => line !== '');
}
/** The one place that knows how values are written: `from` is the flag, input or variable, for the message. */
function parse(spec, values, from) {
    if (values.some(value => value.trim() === ''))
        throw wrong(`${from} needs a value.`, spec);
    if (spec.type === 'list')
        return values;
    const value = values.at(-1) ?? '';
    switch (spec.type) {
        case 'string':
            return value;
        case 'flag':
            if (value === 'true' || value === 'false')
                return value === 'true';
            throw wrong(`${from} is true or false, not ${shown(value)}.`, spec);
        case 'choice':
            if (spec.choices.includes(value))
                return value;
            throw wrong(`${from} cannot be ${shown(value)}.`, spec);
        case 'integer': {
            const number = Number(value);
            if (/^\d+$/.test(value) && number >= spec.min && number <= spec.max)
                return number;
            throw wrong(`${from} cannot be ${shown(value)}.`, spec);
        }
        case 'duration': {
            const duration = milliseconds(value);
            if (duration !== undefined && duration > 0 && duration <= (milliseconds(spec.max) ?? 0))
                return duration;
            throw wrong(`${from} cannot be ${shown(value)}.`, spec);
        }
    }
}
/** `90s`, `10m`, `26h`, `30d` in milliseconds. */
function milliseconds(text) {
    const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
    if (number === undefined || unit === undefined)
        return undefined;
    return Math.round(Number(number) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit]);
}
function shown(value) {
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
function wrong(message, spec) {
    return new errors/* ComebackError */.U$('usage', message, { hint: expectation(spec) });
}
function expectation(spec) {
    switch (spec.type) {
        case 'flag':
            return 'Write true or false.';
        case 'choice':
            return `It is one of: ${spec.choices.join(', ')}.`;
        case 'integer':
            return `It is a whole number from ${spec.min} to ${spec.max}.`;
        case 'duration':
            return `Write a number and its unit: 90s, 10m, 26h or 30d; at most ${spec.max}.`;
        case 'list':
            return `Give one or more values: ${spec.placeholder}`;
        case 'string':
            return `Give a value: ${spec.placeholder}`;
    }
}

// EXTERNAL MODULE: ./build/format/manifest.js
var manifest = __webpack_require__(1469);
;// CONCATENATED MODULE: ./build/run/request.js
/** What every edge checks of a request in the same way, whatever it calls the place where something was written. */




/** In the order in which they are worked on; all of them for `all` or no word. Throws `usage`. */
function componentsNamed(words) {
    if (words.length === 0 || words.includes('all')) {
        for (const word of words)
            if (word !== 'all')
                componentNamed(word);
        return manifest/* COMPONENTS */.$j;
    }
    const named = new Set(words.map(componentNamed));
    return manifest/* COMPONENTS */.$j.filter(component => named.has(component));
}
/** For a verb that works on one only. Throws `usage`. */
function oneComponent(verb, word) {
    if (word !== 'all')
        return componentNamed(word);
    throw usage(`${verb} takes one component at a time.`, `Name one: ${manifest/* COMPONENTS */.$j.join(', ')}.`);
}
/** An option without effect would be believed to have had one. `more` ends the hint. Throws `usage`. */
function refuseForeignOptions(verb, given, { verbs, spell, more = '' }) {
    for (const name of given) {
        const takers = options_OPTIONS[name].verbs;
        if (takers.includes(verb))
            continue;
        const known = verbs.filter(other => takers.includes(other));
        throw usage(`${verb} does not take ${spell(name)}.`, `It belongs to ${known.join(', ')}.${more}`);
    }
}
function quoted(word) {
    return JSON.stringify(word.length > 60 ? `${word.slice(0, 60)}…` : word);
}
function usage(message, hint) {
    return new errors/* ComebackError */.U$('usage', message, { hint });
}
function componentNamed(word) {
    const component = manifest/* COMPONENTS */.$j.find(component => component === word);
    if (component !== undefined)
        return component;
    const near = nearest(word, manifest/* COMPONENTS */.$j);
    throw usage(`There is no component ${quoted(word)}.`, near === undefined ? `The components are: ${manifest/* COMPONENTS */.$j.join(', ')}.` : `Did you mean ${near}?`);
}

// EXTERNAL MODULE: external "node:util"
var external_node_util_ = __webpack_require__(7975);
;// CONCATENATED MODULE: ./build/cli/arguments.js
/**
 * From arguments to words and options, by Node's own tokenizer. What it lacks is added here: list options that take several
 * values after one flag, and errors that know what was meant.
 */




const NAMES = new Map(options_OPTION_NAMES.map(name => [kebab(name), name]));
const PARSER_OPTIONS = {
    ...Object.fromEntries(options_OPTION_NAMES.map(name => [
        kebab(name),
        { type: options_OPTIONS[name].type === 'flag' ? 'boolean' : 'string' },
    ])),
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean' },
};
/**
 * `--files a b` gives two values, as does `--files a --files b`; `--files=a b` gives one, and `b` stands alone. `--` ends
 * the options. Throws `usage`, unless help is asked for, which then is what matters.
 */
function readArguments(argv) {
    const { tokens } = (0,external_node_util_.parseArgs)({
        args: [...argv],
        options: PARSER_OPTIONS,
        strict: false,
        allowPositionals: true,
        tokens: true,
    });
    const asked = (name) => tokens.some(token => token.kind === 'option' && token.name === name);
    const [help, version] = [asked('help'), asked('version')];
    const words = [];
    const given = new Map();
    /** The list option that the words after it belong to. */
    let open;
    for (const token of tokens) {
        if (token.kind === 'positional')
            (open ?? words).push(token.value);
        else
            open = undefined;
        if (token.kind !== 'option' || token.name === 'help' || token.name === 'version')
            continue;
        const name = NAMES.get(token.name);
        if (name === undefined) {
            if (help || version)
                continue;
            throw unknownOption(token.rawName);
        }
        const values = given.get(name) ?? [];
        given.set(name, values);
        const { type } = options_OPTIONS[name];
        if (type === 'flag')
            values.push(token.value ?? 'true');
        else if (token.inlineValue !== true && (token.value === undefined || /^-./.test(token.value))) {
            if (!help && !version)
                throw missingValue(token.rawName);
        }
        else
            values.push(token.value ?? '');
        if (type === 'list' && token.inlineValue === false)
            open = values;
    }
    return { words, given, help, version };
}
function unknownOption(flag) {
    const near = nearest(flag.replace(/^-+/, ''), [...NAMES.keys(), 'help', 'version']);
    return new errors/* ComebackError */.U$('usage', `There is no option ${flag}.`, {
        hint: near === undefined
            ? 'comeback --help lists the verbs, comeback help VERB its options.'
            : `Did you mean --${near}?`,
    });
}
function missingValue(flag) {
    return new errors/* ComebackError */.U$('usage', `${flag} needs a value.`, {
        hint: `A value that begins with a dash is written ${flag}=VALUE.`,
    });
}

;// CONCATENATED MODULE: ./build/cli/verbs.js
const VERB_HELP = {
    backup: {
        operands: '[all|database|files|config]',
        summary: 'Back up a database, files, configuration, or all three.',
        about: [
            'Backs up the components named, all three without one. Only what no earlier backup holds is stored, encrypted with the key. The first run on your own machine makes the key.',
            'A list option takes the words after it: name the component before it.',
        ],
        examples: [
            'comeback backup database',
            "comeback backup files --files public uploads --exclude '**/*.tmp'",
            "comeback backup config --config-files .env --config-env 'SMTP_*'",
        ],
    },
    restore: {
        operands: 'database|files|config latest|YYYY-MM-DD|TIME|ID|--undo',
        summary: 'Bring back what a backup holds.',
        about: [
            'latest is the newest complete backup, a day (UTC) the newest of that day, a time such as 2026-11-23T02:00Z the newest at or before it; an id, as comeback list shows it, exactly that one.',
            'With --store old:DIR, a folder of the old shell scripts, the name of a file there will do, too.',
            'The plan is shown first. A target that holds anything is then backed up before it is touched, into the same store or --safety-store; --undo brings the newest such backup of it back.',
            'Files are restored all or none. A new folder appears whole. A folder that holds something becomes exactly the backup with --overwrite, and what it was is kept beside it; files that the backup lacks go only with --confirm. Into the working directory, or with --include, files are added and, with --overwrite, replaced one by one, and what they replaced is kept in .comeback-before-TIME-ID.',
            'With --tables or --schemas only these are dropped and made again, in one transaction; everything else stays. Nothing is dropped on which something else depends: that is named. Foreign keys to tables that are neither chosen nor there are left out and listed; those to tables that are there are checked against their rows. Types and functions that the tables need are not brought along; the plan names those that are missing. --data-only leaves the tables in place and replaces their rows.',
            '--discard removes what a restore kept. What a killed restore left is put right by the next one into the same place.',
            'Configuration is never restored over the original, but into a folder to review, values of environment variables only with --show-values.',
        ],
        examples: [
            'comeback restore database latest --target-url postgresql://localhost/copy',
            'comeback restore database 2026-11-23 --mode atomic --confirm shop',
            'comeback restore database latest --mode swap --confirm shop',
            'comeback restore database latest --mode atomic --tables users --confirm shop',
            'comeback restore database latest --tables users --data-only --confirm shop',
            'comeback restore database --undo --confirm shop',
            'comeback restore files latest --into ./restored',
            "comeback restore files latest --include 'uploads/2026' --overwrite",
            'comeback restore files --discard NAME --confirm NAME',
        ],
    },
    list: {
        operands: '[all|database|files|config]',
        summary: 'Show the backups in the store, newest first.',
        about: ['Shows the backups in the store, the failed and the damaged ones among them, newest first.'],
        examples: ['comeback list', 'comeback list database --json'],
    },
    status: {
        operands: '[all|database|files|config]',
        summary: 'Say how old the last good backups are, and fail when they are too old.',
        about: ['Names the last good backup of each component. With --max-age it fails when one is older.'],
        examples: ['comeback status', 'comeback status database --max-age 26h'],
    },
    check: {
        operands: '[all|database|files|config]',
        summary: 'See whether everything that the backups need is in the store.',
        about: [
            'Looks for every object of every backup, and compares its size. --read reads them all, too, and compares their bytes with what was written; --read-percent reads some of them each day, so that all are read in time.',
            'It needs no database. Without the key it can check less, and says so.',
        ],
        examples: ['comeback check', 'comeback check database --read', 'comeback check --read-percent 5'],
    },
    prune: {
        operands: '[all|database|files|config]',
        summary: 'Remove the backups that are older than they need to be.',
        about: [
            'Shows which backups would be kept, and why, and which would go; --apply removes them. The newest complete backup of each source always stays, and so does whatever a kept backup leans on.',
            'It works without the key.',
        ],
        examples: [
            'comeback prune',
            'comeback prune --keep-daily 14 --keep-monthly 12',
            'comeback prune --retention-days 60 --apply',
        ],
    },
    export: {
        operands: 'database|files|config latest|YYYY-MM-DD|TIME|ID --into DIR',
        summary: 'Copy a backup out as files that openssl and gunzip can read.',
        about: [
            'Writes a backup into a folder as complete, encrypted files which stock tools can decrypt without Comeback. The command that does it is printed.',
        ],
        examples: ['comeback export database latest --into ./export'],
    },
    import: {
        operands: '[all|database|files|config]',
        summary: 'Bring the backups of the old shell scripts into the store.',
        about: [
            'Reads .sql.gz.enc and .tar.gz.enc files that openssl enc -aes-256-cbc -pbkdf2 wrote, with the key in the key file, and makes each a backup under its own date, oldest first. A date in the name counts, in UTC, or else the time of the file.',
            'Each file is checked to its end before it is taken over; a damaged one is named, and the others go on. Files imported before are passed over, and nothing in the folder is changed.',
            'comeback restore and comeback list read the folder without an import: --store old:DIR.',
        ],
        examples: [
            'comeback import',
            'comeback import database --from ./tmp/backups --store s3://BUCKET/PREFIX',
            'comeback import --kdf-iterations 100000',
        ],
    },
    init: {
        operands: '',
        summary: 'Write the GitHub workflows that make backups by themselves.',
        about: [
            'Writes three workflows (comeback-backup.yml, -restore.yml and -verify.yml) into .github/workflows of the repository in this folder, and says which secrets they need. On a terminal it asks what no option says.',
            'It makes the key if there is none, lets Git ignore it, and prints a recovery sheet: the page to keep with the key.',
        ],
        examples: [
            'comeback init',
            'comeback init --components database files --files public uploads --time 03:41',
            'comeback init --store s3://BUCKET/PREFIX --recovery-sheet RECOVERY.md',
        ],
    },
    key: {
        operands: 'new|show-id',
        summary: 'Make a key, or name the one in use without showing it.',
        about: [
            'new writes a new key into the key file, never over one that exists. show-id prints the id of the key in use; comeback list --json names the id that each backup needs.',
            'Without its key nobody can read a backup: keep a copy elsewhere.',
        ],
        examples: ['comeback key new', 'comeback key show-id'],
    },
};

;// CONCATENATED MODULE: ./build/cli/commands.js






/** Throws `usage`. */
function parseInvocation(argv, environment) {
    const args = readArguments(argv);
    const [word, ...operands] = args.words;
    if (args.version)
        return { kind: 'version' };
    if (word === 'help') {
        if (operands.length > 1)
            throw tooMany('help', operands.slice(1));
        return { kind: 'help', verb: operands[0] === undefined ? undefined : verbNamed(operands[0]), asked: true };
    }
    if (word === undefined) {
        if (args.given.size > 0 && !args.help) {
            throw usage('No verb was given.', `The verb comes first: comeback ${options_VERBS.join('|')} ...`);
        }
        return { kind: 'help', verb: undefined, asked: args.help };
    }
    const verb = verbNamed(word);
    if (args.help)
        return { kind: 'help', verb, asked: true };
    const command = verb === 'restore' && args.given.has('discard') ? discardCommand(operands) : commandOf(verb, operands, isUndo(args));
    refuseForeignOptions(verb, args.given.keys(), {
        verbs: options_VERBS,
        spell: flag,
        more: ` comeback help ${verb} lists what it takes.`,
    });
    const options = resolveOptions(verb, args.given, environment);
    if (options.undo && operands.length > 1) {
        throw usage(`restore --undo brings back what the target held before, and cannot use ${operands.slice(1).map(quoted).join(' ')}.`, `Usage: comeback restore ${operands[0]} --undo`);
    }
    if (verb === 'export' && options.into === undefined) {
        throw usage('export needs a folder to write to.', `Name it: comeback export ${operands.join(' ')} --into DIR`);
    }
    return { kind: 'job', command, options };
}
function verbNamed(word) {
    const verb = options_VERBS.find(verb => verb === word);
    if (verb !== undefined)
        return verb;
    const near = nearest(word, [...options_VERBS, 'help']);
    throw usage(`There is no verb ${quoted(word)}.`, near === undefined ? `The verbs are: ${options_VERBS.join(', ')}, help.` : `Did you mean comeback ${near}?`);
}
/** The newest safety backup of the target is meant, and no other can be. */
function isUndo({ given }) {
    return given.has('undo') && given.get('undo')?.at(-1) !== 'false';
}
function commandOf(verb, operands, undo) {
    const [first, second, ...more] = operands;
    switch (verb) {
        case 'backup':
        case 'list':
        case 'status':
        case 'check':
        case 'prune':
        case 'import':
            return { verb, components: componentsNamed(operands) };
        case 'restore':
        case 'export': {
            if (first === undefined)
                throw incomplete(verb, 'which component');
            const component = oneComponent(verb, first);
            if (undo && verb === 'restore' && second === undefined)
                return { verb, component, at: 'latest' };
            if (second === undefined)
                throw incomplete(verb, 'which backup', component);
            if (more.length > 0)
                throw tooMany(verb, more);
            return { verb, component, at: second };
        }
        case 'init':
            if (first !== undefined)
                throw tooMany(verb, operands);
            return { verb };
        case 'key':
            if (first === undefined)
                throw usage('key needs to know what to do.', 'comeback key new or comeback key show-id');
            if (second !== undefined)
                throw tooMany(verb, operands.slice(1));
            if (first === 'new' || first === 'show-id')
                return { verb, action: first };
            throw usage(`key does not know ${quoted(first)}.`, 'comeback key new or comeback key show-id');
    }
}
/** `restore files --discard PATH`, and `restore --discard NAME` of a database. */
function discardCommand(operands) {
    const [first = 'database', ...more] = operands;
    if (more.length > 0)
        throw usage(`restore --discard cannot use ${more.map(quoted).join(' ')}.`, DISCARD_USAGE);
    return { verb: 'restore', component: oneComponent('restore', first), at: 'latest' };
}
const DISCARD_USAGE = 'Usage: comeback restore database|files --discard NAME --confirm NAME';
function incomplete(verb, what, component = 'database') {
    const into = verb === 'export' ? ' --into DIR' : '';
    return usage(`${verb} needs to know ${what}.`, `For example: comeback ${verb} ${component} latest${into}`);
}
function tooMany(verb, words) {
    const operands = verb === 'help' ? '[VERB]' : VERB_HELP[verb].operands;
    return usage(`${verb} cannot use ${words.map(quoted).join(' ')}.`, `Usage: comeback ${verb} ${operands}`);
}

;// CONCATENATED MODULE: ./build/options-table.js
/** The options as a Markdown table, for the README and action.yml's documentation. */

/** All options, or those of one verb. Ends in a line break. */
function optionsTable(verb) {
    const names = verb === undefined ? OPTION_NAMES : optionsOf(verb);
    const heads = verb === undefined ? ['option', 'verbs', 'what it does'] : ['option', 'what it does'];
    const rows = names.map(name => {
        const verbs = verb === undefined ? [verbsOf(name)] : [];
        return [code(options_table_usage(name)), ...verbs, meaning(name)];
    });
    return [heads, heads.map(() => '---'), ...rows].map(cells => `| ${cells.map(escaped).join(' | ')} |\n`).join('');
}
/** `--lanes N`, `--mode atomic|parallel`, `--json`. */
function options_table_usage(name) {
    const spec = options_OPTIONS[name];
    if (spec.type === 'flag')
        return `--${kebab(name)}`;
    return `--${kebab(name)} ${spec.type === 'choice' ? spec.choices.join('|') : spec.placeholder}`;
}
function meaning(name) {
    const spec = OPTIONS[name];
    const standard = 'default' in spec && spec.default !== undefined ? ` Default: ${code(spec.default)}.` : '';
    const others = (spec.alsoFrom ?? []).map(code).join(' or ');
    const also = others === '' ? '' : ` Also from ${others}.`;
    return `${spec.help}${standard}${also}`;
}
/** `backup, restore`; where most take it, those that don't are the shorter list. */
function verbsOf(name) {
    const { verbs } = OPTIONS[name];
    const without = VERBS.filter(verb => !verbs.includes(verb));
    if (without.length === 0)
        return 'all';
    return without.length < 3 ? `all but ${without.join(', ')}` : verbs.join(', ');
}
function code(text) {
    return `\`${text}\``;
}
function escaped(cell) {
    return cell.replaceAll('|', '\\|');
}

;// CONCATENATED MODULE: ./build/cli/help.js
/** The help pages, from the tables of verbs and options. Nothing is wider than a terminal of 80 columns. */




const WIDTH = 80;
/** Column at which explanations begin. */
const COLUMN = 29;
function mainHelp({ bold }) {
    return page([
        [
            `${bold('Comeback')}: backups that come back.`,
            ...wrapped('Backs up a PostgreSQL database, files and configuration, encrypted with a key that only you hold, and brings back any date. It needs no pg_dump, no psql and no server of its own.', WIDTH, 0),
        ],
        [bold('Usage'), '  comeback VERB [...] [OPTIONS]'],
        [bold('Verbs'), ...[...options_VERBS, 'help'].flatMap(verb => entry(verb, summaryOf(verb), 11))],
        [
            bold('Examples'),
            '  comeback backup database',
            '  comeback list',
            '  comeback restore database latest --target-url postgresql://localhost/copy',
        ],
        [
            bold('Environment'),
            ...entry('DATABASE_URL', 'The database to back up, and to restore into.'),
            ...entry('COMEBACK_KEY', 'The key itself. Without it, the key file is read.'),
            ...entry('COMEBACK_...', `Each option: --store is ${variablesOf('store')[0]}, --key-file ${variablesOf('keyFile')[0]}. A flag goes first. Lists have one value a line.`),
            ...entry('COMEBACK_DEBUG=1', 'Show the causes of an error.'),
            ...entry('NO_COLOR=1', 'No colours.'),
        ],
        ['comeback help VERB shows what a verb takes, comeback --version the version.'],
    ]);
}
function verbHelp(verb, { bold }) {
    const { operands, about, examples } = VERB_HELP[verb];
    return page([
        [`${bold(`comeback ${verb}`)} ${operands}`],
        ...about.map(text => wrapped(text, WIDTH, 0)),
        [bold('Examples'), ...examples.map(example => `  ${example}`)],
        [bold('Options'), ...options_optionsOf(verb).flatMap(name => entry(options_table_usage(name), explanation(name)))],
        wrapped(`Each option is an environment variable, too: --${kebab('keyFile')} is ${variablesOf('keyFile')[0]}.`, WIDTH, 0),
    ]);
}
function summaryOf(verb) {
    return verb === 'help' ? 'Show this page, or what a verb takes.' : VERB_HELP[verb].summary;
}
function explanation(name) {
    const spec = options_OPTIONS[name];
    const also = spec.alsoFrom === undefined ? '' : ` Usually ${spec.alsoFrom.join(' or ')}.`;
    const standard = 'default' in spec && spec.default !== undefined ? ` [${spec.default}]` : '';
    return `${spec.help}${also}${standard}`;
}
/** A term and its explanation beside it, or below it if the term is too wide. */
function entry(term, text, column = COLUMN) {
    // The first line is as wide as the others: it begins in the same column.
    const explained = wrapped(' '.repeat(column) + text, WIDTH, column);
    const [first = '', ...rest] = explained;
    if (term.length + 4 > column)
        return [`  ${term}`, ...explained];
    return [`  ${term}`.padEnd(column) + first.trimStart(), ...rest];
}
function page(blocks) {
    return `${blocks.map(block => block.join('\n')).join('\n\n')}\n`;
}

;// CONCATENATED MODULE: ./build/cli/live-display.js



/** Milliseconds between two drawings: ten a second are enough for any eye. */
const FRAME = 100;
/** Milliseconds after which the line is drawn again though nothing happened: rates and times go on. */
const IDLE_FRAME = 1_000;
const DEFAULT_COLUMNS = 80;
const COMPONENT_COLUMNS = 9;
/** One, as a terminal wraps when its last one is written, and two for the `^C` that it writes itself. */
const FREE_COLUMNS = 3;
/** Columns that the phase gets before numbers are left out for it, and the most that it is padded to. */
const PHASE_LEAST = 16;
const PHASE_COLUMNS = 26;
function liveDisplay(options) {
    const { output, scrub, now, every } = options;
    const tally = createTally(now);
    const columns = () => output.columns ?? DEFAULT_COLUMNS;
    let shown = [];
    let drawnAt = Number.NEGATIVE_INFINITY;
    let changed = false;
    let stopped = false;
    const draw = (above = '') => {
        const before = erasing(shown, columns());
        shown = tally.running().map(count => lineOf(count, columns() - FREE_COLUMNS, now(), scrub));
        if (before !== '' || above !== '' || shown.length > 0)
            output.write(before + above + shown.join('\n'));
        drawnAt = now();
        changed = false;
    };
    const cancel = every(FRAME, () => {
        const due = changed ? FRAME : IDLE_FRAME;
        if (now() - drawnAt >= due && tally.running().length + shown.length > 0)
            draw();
    });
    const line = (text) => {
        if (!stopped)
            draw(`${text}\n`);
        else
            output.write(`${text}\n`);
    };
    const report = (event) => {
        tally.add(event);
        changed = true;
        if (isRemark(event))
            line(remarkText(event, options));
        if (event.type === 'plan')
            line(planLines(event.plan, options).join('\n'));
    };
    const stop = () => {
        if (stopped)
            return;
        stopped = true;
        cancel();
        output.write(erasing(shown, columns()));
        shown = [];
    };
    return { report, line, stop };
}
/** Component, phase and as many of the numbers as there is room for. */
function lineOf(count, width, now, scrub) {
    const name = `${count.component.padEnd(COMPONENT_COLUMNS)} `;
    const phase = onOneLine(scrub(count.phase));
    const numbers = [...numbersOf(count, now)];
    const room = () => width - name.length - widthOf(numbers.join('  ')) - 2;
    while (numbers.length > 0 && room() < Math.min(PHASE_LEAST, widthOf(phase)))
        numbers.pop();
    if (numbers.length === 0)
        return fitted(name + phase, width);
    const shortened = fitted(phase, room());
    const padding = Math.max(0, Math.min(PHASE_COLUMNS, room()) - widthOf(shortened));
    return fitted(`${name}${shortened}${' '.repeat(padding)}  ${numbers.join('  ')}`, width);
}
/** Goes back to the first of the lines and clears to the end, also if the terminal became narrower since. */
function erasing(lines, columns) {
    if (lines.length === 0)
        return '';
    const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / Math.max(1, columns))), 0);
    return `\r${rows > 1 ? `\x1b[${rows - 1}A` : ''}\x1b[J`;
}

;// CONCATENATED MODULE: ./build/report/exit-code.js
/** What a finished run tells the shell. */

const EXIT_DAMAGE = new errors/* ComebackError */.U$('damaged', 'A check found damage.').exitCode;
/** Something is overdue, or a store refused what it was asked for. */
const EXIT_FAILED = new errors/* ComebackError */.U$('failed', 'Not all is well.').exitCode;
/** 0, or the code of the first component that failed, or else `EXIT_PARTIAL` if something is missing from a backup. */
function exitCodeOf(report) {
    if (report.command === 'check')
        return report.findings.length > 0 ? EXIT_DAMAGE : 0;
    if (report.command === 'prune')
        return report.problems.some(({ severity }) => severity === 'failed') ? EXIT_FAILED : 0;
    if (report.command === 'status')
        return report.components.some(({ overdue }) => overdue) ? EXIT_FAILED : 0;
    if (report.command === 'restore-plan')
        return refusalCode(report.target.refusal);
    if (report.command === 'import')
        return importCode(report);
    if (report.command !== 'backup')
        return 0;
    for (const outcome of report.backups) {
        if (outcome.status === 'failed')
            return new errors/* ComebackError */.U$(outcome.error.code, outcome.error.message).exitCode;
    }
    return report.backups.some(({ status }) => status === 'partial') ? errors/* EXIT_PARTIAL */.d7 : 0;
}
/** Where some are in the store and some are not, something is missing; where all failed alike, that is what failed. */
function importCode({ files, left }) {
    const errors = files.flatMap(file => (file.status === 'failed' ? [file.error] : []));
    const [first] = errors;
    if (first === undefined)
        return left === 0 ? 0 : EXIT_FAILED;
    const alike = errors.length === files.length && errors.every(({ code }) => code === first.code);
    return alike || first.code === 'cancelled' ? refusalCode(first) : EXIT_DAMAGE;
}
/** A plan that could not be carried out as it was asked for fails as the restore itself would. */
function refusalCode(refusal) {
    return refusal === undefined ? 0 : new errors/* ComebackError */.U$(refusal.code, refusal.message).exitCode;
}

;// CONCATENATED MODULE: ./build/report/check-unchecked.js

/** Sentences for people; none if everything was looked at. */
function unchecked({ key, percent, components }) {
    const present = components.reduce((sum, { present }) => sum + present.bytes, 0);
    const read = components.reduce((sum, { read }) => sum + read.bytes, 0);
    const left = [];
    if (percent === 0) {
        left.push('the bytes of the objects. --read reads all of them, --read-percent some each day.');
    }
    else if (percent < 100) {
        const days = Math.ceil(100 / percent);
        left.push(`${sizeText(Math.max(0, present - read))} that are not due today. Run daily, ${percent} percent a day read everything within ${days} days.`);
    }
    if (!key) {
        left.push('whether the manifests are authentic and what is inside of the objects: there is no key at hand.');
    }
    return left;
}

;// CONCATENATED MODULE: ./build/report/text-check.js




/** Ids of one finding that are shown; the rest are counted. */
const IDS_SHOWN = 3;
function checkLines(report, palette) {
    const { yellow, dim } = palette;
    return [
        ...report.components.flatMap(checked => componentLines(checked, palette)),
        ...report.findings.flatMap(finding => findingLines(finding, palette)),
        ...unchecked(report).map(text => `${yellow('not checked:')} ${indented(text)}`),
        ...(report.foreign === 0 ? [] : [dim(`${countText(report.foreign, 'file')} in the store, not of a backup`)]),
        dim(`in ${report.store}, ${durationText(report.seconds)}`),
    ];
}
function componentLines(checked, { bold, red, green, dim }) {
    const { component, backups, placeholders, named, present, read, opened, chunks, orphans } = checked;
    if (backups.whole + backups.hurt + placeholders === 0)
        return [`${bold(component)} has no backups`];
    const hurt = backups.hurt === 0 ? '' : `, ${red(`${backups.hurt} hurt`)}`;
    const count = countText(backups.whole, 'backup');
    return [
        `${bold(component)} ${backups.whole > 0 ? green(`${count} whole`) : `${count} whole`}${hurt}`,
        `  ${amountText(present)}${present.objects === named.objects ? '' : ` of ${named.objects.toLocaleString('en')}`} there with the right size`,
        ...(read.objects === 0 ? [] : [`  ${amountText(read)} read, with the right SHA-256`]),
        ...(opened === 0
            ? []
            : [`  ${countText(opened, 'object')} decrypted, ${countText(chunks, 'chunk')} with the right content`]),
        ...(placeholders === 0 ? [] : [dim(`  ${countText(placeholders, 'placeholder')} of failed runs`)]),
        ...(orphans.objects === 0 ? [] : [dim(`  harmless: ${amountText(orphans)} that no backup names`)]),
    ];
}
function findingLines({ code, message, hint, hurts }, { red }) {
    const more = hurts.length - IDS_SHOWN;
    const ids = hurts.slice(0, IDS_SHOWN).map(onOneLine).join(', ');
    return [
        `${red(`${code}:`)} ${indented(message)}`,
        hurts.length === 0 ? '  hurts no backup' : `  hurts ${ids}${more > 0 ? ` and ${more} more` : ''}`,
        `  hint: ${indented(hint)}`,
    ];
}
function amountText({ objects, bytes }) {
    return `${countText(objects, 'object')} (${sizeText(bytes)})`;
}

;// CONCATENATED MODULE: ./build/report/text-list.js
/** The table of `comeback list`. */


/** Foreign names shown; the rest are counted. */
const FOREIGN_SHOWN = 5;
function renderList(report, palette, now) {
    const { store, backups, foreign } = report;
    const notes = foreignLines(foreign, palette);
    if (backups.length === 0)
        return [`No backups in ${store}.`, ...notes];
    const doubtful = backups.some(({ authenticated, status }) => !authenticated && status !== 'damaged' && status !== 'unread');
    const failed = backups.filter(({ status }) => status === 'failed').length;
    const stored = backups.reduce((sum, backup) => sum + backup.stored, 0);
    return [
        ...table(backups, columns(palette, now), palette),
        '',
        `${countText(backups.length - failed, 'backup')}${failed === 0 ? '' : ` and ${countText(failed, 'failed run')}`}, ${sizeText(stored)} stored in ${store}`,
        ...(doubtful ? [palette.dim('? made with another key than the one at hand, so listed as it claims to be')] : []),
        ...notes,
    ];
}
function columns({ bold, dim, red, yellow, green }, now) {
    const known = (backup, text) => ({
        text: backup.status === 'damaged' || backup.status === 'unread' ? '-' : text,
    });
    const statuses = {
        complete: { text: 'complete', style: green },
        partial: { text: 'partial', style: yellow },
        failed: { text: 'FAILED', style: red },
        damaged: { text: 'damaged', style: red },
        unread: { text: 'unread', style: dim },
    };
    return [
        { head: 'STATUS', cell: backup => marked(statuses[backup.status], backup) },
        { head: 'COMPONENT', cell: ({ component }) => ({ text: component, style: bold }) },
        {
            head: 'ID (UTC)',
            cell: ({ id, authenticated, status }) => ({
                text: authenticated || status === 'damaged' || status === 'unread' ? id : `${id} ?`,
            }),
        },
        { head: 'AGE', right: true, cell: ({ time }) => ({ text: ageText(new Date(time), now) }) },
        { head: 'SIZE', right: true, cell: backup => known(backup, sizeText(backup.bytes)) },
        {
            head: 'STORED',
            right: true,
            cell: backup => backup.status === 'unread' ? { text: sizeText(backup.stored) } : known(backup, sizeText(backup.stored)),
        },
        {
            head: 'LEANS ON',
            cell: ({ leansOn }) => ({ text: leansOn.length === 0 ? '-' : `${leansOn.length}`, style: dim }),
        },
    ];
}
/** In the place of `complete`, as a line has no room for both. */
function marked(cell, { status, purpose }) {
    return purpose !== undefined && status === 'complete' ? { ...cell, text: purpose } : cell;
}
function table(backups, columns, { dim }) {
    const rows = backups.map(backup => columns.map(({ cell }) => cell(backup)));
    const widths = columns.map(({ head }, index) => Math.max(head.length, ...rows.map(row => widthOf(row[index]?.text ?? ''))));
    const line = (cells) => cells
        .map(({ text, style }, index) => {
        const gap = ' '.repeat((widths[index] ?? 0) - widthOf(text));
        const shown = style === undefined ? text : style(text);
        return columns[index]?.right ? gap + shown : shown + (index === cells.length - 1 ? '' : gap);
    })
        .join('  ');
    const lines = [line(columns.map(({ head }) => ({ text: head, style: dim })))];
    for (const [index, backup] of backups.entries()) {
        lines.push(line(rows[index] ?? []));
        if (backup.purpose !== undefined && backup.status !== 'complete')
            lines.push(dim(`  was to be a ${backup.purpose} backup`));
        if (backup.reason !== undefined)
            lines.push(dim(`  why: ${onOneLine(backup.reason)}`));
    }
    return lines;
}
function foreignLines(foreign, { yellow }) {
    if (foreign.length === 0)
        return [];
    const more = foreign.length - FOREIGN_SHOWN;
    return [
        `${yellow('not of a backup')}, left alone: ${foreign.slice(0, FOREIGN_SHOWN).map(onOneLine).join(', ')}${more > 0 ? `, and ${more} more` : ''}`,
    ];
}

;// CONCATENATED MODULE: ./build/report/text-import.js



function importLines(report, palette) {
    const { files, left, from, store, foreign, problems } = report;
    const { yellow } = palette;
    const notes = [
        ...problems.flatMap(({ message, hint }) => [
            `${yellow('warning:')} ${indented(message)}`,
            ...(hint === undefined ? [] : [`  hint: ${indented(hint)}`]),
        ]),
        ...foreignLines(foreign, palette),
    ];
    if (files.length === 0)
        return [`There is nothing to import in ${from}.`, ...notes];
    return [
        ...files.flatMap(file => fileLines(file, palette)),
        '',
        `${importSum(report)}, from ${from} into ${store}`,
        ...(left === 0 ? [] : [yellow(`${countText(left, 'file')} not tried any more; run it again.`)]),
        ...notes,
    ];
}
function importSum({ files }) {
    const count = (status) => files.filter(file => file.status === status).length;
    const parts = [`${countText(count('imported'), 'backup')} imported`];
    if (count('present') > 0)
        parts.push(`${count('present')} there already`);
    if (count('failed') > 0)
        parts.push(`${count('failed')} failed`);
    return parts.join(', ');
}
function fileLines(file, { bold, green, red, dim, yellow }) {
    const name = `${bold(file.component)} ${file.file}`;
    switch (file.status) {
        case 'imported': {
            const { read, new: fresh } = file.bytes;
            return [
                `${green('imported')} ${name} as ${file.id} (${timeText(file.time)})`,
                dim(`  ${sizeText(read)} read, ${sizeText(fresh)} new`),
                ...file.problems.map(({ message }) => `  ${yellow('warning:')} ${indented(message)}`),
            ];
        }
        case 'present':
            return [`${dim('present')}  ${name} as ${file.id}`];
        case 'failed':
            return [
                `${red('FAILED')}   ${name}: ${indented(file.error.message)}`,
                ...(file.error.hint === undefined ? [] : [`  hint: ${indented(file.error.hint)}`]),
                dim(`  code: ${file.error.code}`),
            ];
    }
}

;// CONCATENATED MODULE: ./build/report/text-init.js
const WORDS = {
    written: 'wrote',
    replaced: 'changed',
    unchanged: 'as it was:',
};
function initLines(report, { bold, dim, yellow }) {
    const { files, ignored, key, secrets, sheet, sheetFile } = report;
    return [
        ...files.map(({ path, change }) => `${WORDS[change]} ${path}${path === '.gitignore' ? added(ignored) : ''}`),
        ...(key?.made === true && key.file !== undefined
            ? [yellow(`made the key ${key.file}: keep a copy of it NOW, away from here, in a password manager for example`)]
            : []),
        '',
        bold('1. Set the secrets of the repository'),
        ...secrets.flatMap(({ command, what }) => [`   ${command}`, dim(`     ${what}`)]),
        dim('   TARGET_URL, if you like: another database, for restores that must not touch the original'),
        '',
        bold('2. Commit, push, and make the first backup'),
        '   gh workflow run comeback-backup.yml',
        '',
        bold('3. Let somebody else agree before a restore begins (optional)'),
        "   gh api --method PUT 'repos/{owner}/{repo}/environments/restore'",
        dim('     then add reviewers: Settings > Environments > restore'),
        '',
        bold('4. Print the recovery sheet, and keep it with the key'),
        ...(sheetFile === undefined ? ['', ...sheet.trimEnd().split('\n')] : [`   ${sheetFile}`]),
    ];
}
function added(lines) {
    return lines.length === 0 ? '' : `: ${lines.join(', ')}`;
}

;// CONCATENATED MODULE: ./build/report/text-prune.js
/** The plan of `prune`, or what it did: a line for each backup with the reasons, and the sum. */




/** Columns of a terminal, and of what stands before the reasons: action, component, id, size. */
const text_prune_WIDTH = 80;
const COLUMNS = [7, 8, 23, 6];
const REASONS_AT = COLUMNS.reduce((sum, width) => sum + width + 2, 0);
const LEGEND = {
    keep: 'keep',
    remove: 'remove',
    refused: 'REFUSED',
};
function pruneLines(report, palette) {
    const { store, applied, backups, leftovers, removed } = report;
    const { dim } = palette;
    const notes = [
        ...foreignLines(report.foreign, palette),
        ...report.problems.flatMap(problem => problemLines(problem, palette)),
    ];
    if (backups.length === 0 && leftovers.length === 0)
        return [`There is nothing to prune in ${store}.`, ...notes];
    return [
        ...backups.flatMap(backup => backupLines(backup, palette)),
        ...leftovers.flatMap(({ component, id, objects, bytes }) => rowLines('remove', component, id, bytes, `left over: ${countText(objects, 'object')} without a record`, palette)),
        '',
        ...wrapped(`The rule: ${report.policy.join(', ')}.`, text_prune_WIDTH, 2),
        ...wrapped(sumText(report), text_prune_WIDTH, 2),
        ...notes,
        ...(applied || removed.objects === 0
            ? []
            : [dim('This is a plan; nothing was changed. With --apply it is carried out.')]),
    ];
}
function backupLines(backup, palette) {
    const { component, id, status, action, reasons, frees, outlived } = backup;
    const words = [
        ...(status === 'complete' ? [] : [status === 'failed' ? 'failed run' : status]),
        ...reasons,
        ...(action === 'remove' && outlived > 0 ? [`${countText(outlived, 'object')} of it still needed`] : []),
    ];
    return rowLines(action, component, id, frees.bytes, words.join(', '), palette);
}
function rowLines(action, component, id, bytes, words, { green, red, yellow, dim }) {
    const style = { keep: green, remove: yellow, refused: red }[action];
    const [first, second, third, fourth] = COLUMNS;
    const head = [
        style(LEGEND[action]) + ' '.repeat(first - LEGEND[action].length),
        component.padEnd(second),
        id.padEnd(third),
        (bytes === 0 ? '' : sizeText(bytes)).padStart(fourth),
    ].join('  ');
    const why = onOneLine(words);
    if (widthOf(why) <= text_prune_WIDTH - REASONS_AT)
        return [`${head}  ${dim(why)}`];
    const margin = ' '.repeat(first + 2);
    return [head.trimEnd(), ...wrapped(why, text_prune_WIDTH - margin.length, 0).map(line => margin + dim(line))];
}
function sumText({ store, applied, kept, removed }) {
    const stay = `${countText(kept.backups, 'backup')} (${sizeText(kept.bytes)})`;
    if (removed.objects === 0)
        return `${applied ? 'Nothing was removed' : 'Nothing would go'}: ${stay} in ${store}.`;
    const gone = `${countText(removed.backups, 'backup')}, ${countText(removed.objects, 'object')}, ${sizeText(removed.bytes)}`;
    return `${applied ? 'Removed' : 'Would remove'} ${gone}. ${stay} ${applied ? 'stay' : 'would stay'} in ${store}.`;
}
function problemLines({ severity, message, hint }, { red, yellow }) {
    const [label, style] = severity === 'failed' ? ['failed:', red] : ['warning:', yellow];
    const [first = '', ...more] = wrapped(`${label} ${onOneLine(message)}`, text_prune_WIDTH, 2);
    return [
        style(label) + first.slice(label.length),
        ...more,
        ...(hint === undefined ? [] : wrapped(`  hint: ${onOneLine(hint)}`, text_prune_WIDTH, 4)),
    ];
}

;// CONCATENATED MODULE: ./build/report/text-status.js
/** The result of `comeback status`: a block for each component. */



/** Columns. */
const text_status_WIDTH = 80;
function statusLines(report, palette) {
    const { components, maxAge, store } = report;
    const late = components.filter(({ overdue }) => overdue).map(({ component }) => component);
    return [
        ...components.flatMap(status => text_status_componentLines(status, palette)),
        ...(maxAge === undefined
            ? []
            : late.length === 0
                ? [palette.green(`Nothing is overdue: no last good backup is older than ${limitText(maxAge)}.`)]
                : [palette.red(`OVERDUE: ${late.join(', ')}. No good backup within ${limitText(maxAge)}.`)]),
        palette.dim(`in ${store}`),
    ];
}
function text_status_componentLines(status, palette) {
    const { component, last, since, sinceCount, stored, grown } = status;
    const { bold, dim, yellow } = palette;
    const more = sinceCount - since.length;
    const advice = status.state === 'never' && !status.overdue ? dim : yellow;
    return [
        `${bold(component)} ${verdict(status, palette)}`,
        ...(last === undefined ? [] : [`  last good: ${last.id} (${timeText(last.time)}), ${sizeText(last.bytes)}`]),
        ...since.flatMap(later => laterLines(later, palette)),
        ...(more > 0 ? [dim(`  and ${more.toLocaleString('en')} more`)] : []),
        ...(status.state === 'never' ? [] : [`  ${counts(status)}, ${sizeText(stored)} stored`]),
        ...(stored === 0 ? [] : [`  new in 7 days: ${sizeText(grown.days7)}, in 30 days: ${sizeText(grown.days30)}`]),
        ...status.next.flatMap(step => wrapped(onOneLine(`  ${step}`), text_status_WIDTH, 4).map(advice)),
    ];
}
function verdict({ state, overdue, last }, { red, green, yellow }) {
    if (last !== undefined) {
        const age = `${durationText(last.age)} old`;
        return overdue ? `${red('OVERDUE')}, ${age}` : `${green('good')}, ${age}`;
    }
    const text = state === 'never' ? 'never backed up' : 'no good backup';
    return overdue ? `${red('OVERDUE')}, ${text}` : state === 'never' ? text : yellow(text);
}
function laterLines({ id, status, reason }, { red, yellow }) {
    const style = { failed: red, damaged: red, partial: yellow, future: yellow }[status];
    const why = reason === undefined ? '' : `: ${onOneLine(reason)}`;
    const [first = '', ...more] = wrapped(`  since: ${id} ${status}${why}`, text_status_WIDTH, 4);
    return [first.replace(status, style), ...more];
}
function counts({ backups, failed }) {
    return failed === 0
        ? countText(backups, 'backup')
        : `${countText(backups, 'backup')} and ${countText(failed, 'failed run')}`;
}
/** As people ask for it: `26 h`, not `1 d 2 h`. */
function limitText(seconds) {
    const hours = seconds / 3600;
    return hours < 1 || hours > 72 || !Number.isInteger(hours) ? durationText(seconds) : `${hours} h`;
}

;// CONCATENATED MODULE: ./build/report/text.js
/** A report as text for people. Its strings come in scrubbed and printable; nothing here decides, it only shows. */









/** Ends in a line break. */
function renderReport(report, rendering) {
    return `${linesOf(report, rendering).join('\n')}\n`;
}
function linesOf(report, { palette, now }) {
    switch (report.command) {
        case 'backup':
            return text_backupLines(report, palette);
        case 'restore':
            return restoreLines(report, palette);
        case 'discard':
            return [
                `${palette.bold(report.component)} ${palette.green('discarded')}`,
                ...report.summary.map(line => `  ${indented(line)}`),
            ];
        case 'restore-plan':
            return restorePlanLines(report, palette);
        case 'list':
            return renderList(report, palette, now);
        case 'status':
            return statusLines(report, palette);
        case 'check':
            return checkLines(report, palette);
        case 'prune':
            return pruneLines(report, palette);
        case 'import':
            return importLines(report, palette);
        case 'init':
            return initLines(report, palette);
        case 'export':
            return exportLines(report, palette);
        case 'key':
            return keyLines(report);
    }
}
function text_backupLines({ store, backups }, palette) {
    return [...backups.flatMap(outcome => outcomeLines(outcome, palette)), palette.dim(`in ${store}`)];
}
function outcomeLines(outcome, palette) {
    const { bold, red, green, yellow, dim } = palette;
    if (outcome.status === 'failed') {
        const { error, placeholder } = outcome;
        return [
            `${bold(outcome.component)} ${red('FAILED')}: ${indented(error.message)}`,
            ...(error.hint === undefined ? [] : [`  hint: ${indented(error.hint)}`]),
            ...(placeholder === undefined ? [] : [`  kept as placeholder ${placeholder}, on which the next backup builds`]),
            dim(`  code: ${error.code}`),
        ];
    }
    const { read, new: fresh, stored } = outcome.bytes;
    const status = outcome.status === 'complete' ? green('complete') : yellow('partial');
    return [
        `${bold(outcome.component)} ${status} ${outcome.id}`,
        `  ${sizeText(read)} read, ${sizeText(fresh)} new, ${sizeText(stored)} stored`,
        `  ${durationText(outcome.seconds)}, ${rateText(read, outcome.seconds)}`,
        `  ${footing(outcome.full, outcome.leansOn)}`,
        ...text_problemLines(outcome.problems, palette),
    ];
}
function footing(full, leansOn) {
    if (full)
        return 'full: stands on its own';
    return leansOn === 0 ? 'needs no older backup' : `leans on ${countText(leansOn, 'older pack')}`;
}
function restoreLines(report, palette) {
    const { bold, green } = palette;
    return [
        `${bold(report.component)} ${green('restored')} from ${report.id} (${timeText(report.time)})`,
        `  ${sizeText(report.bytes)} in ${durationText(report.seconds)}, ${rateText(report.bytes, report.seconds)}`,
        ...report.summary.map(line => `  ${indented(line)}`),
        ...safetyLines(report),
        ...text_problemLines(report.problems, palette),
    ];
}
function safetyLines({ safety }) {
    if (safety === undefined)
        return [];
    return [
        `  What was there before is kept as safety backup ${safety.id}, in ${safety.store}.`,
        `  To bring it back, with the same options: ${safety.undo}`,
    ];
}
function exportLines(report, { bold, green }) {
    return [
        `${bold(report.component)} ${green('exported')} from ${report.id}`,
        `  ${countText(report.files.length, 'file')}, ${sizeText(report.bytes)}, in ${report.directory}`,
        '  To decrypt without Comeback, in that folder:',
        `    ${indented(report.decrypt)}`,
    ];
}
function keyLines({ keyId, file }) {
    if (file === undefined)
        return [keyId];
    return [
        `A new key was written to ${file}.`,
        `  key id: ${keyId}`,
        '  Without it nobody can read the backups: keep a copy elsewhere, in a password manager for example.',
    ];
}
function text_problemLines(problems, { yellow }) {
    return problems.flatMap(({ severity, message, hint }) => [
        `  ${yellow(severity === 'partial' ? 'missing:' : 'warning:')} ${indented(message)}`,
        ...(hint === undefined ? [] : [`    hint: ${indented(hint)}`]),
    ]);
}

;// CONCATENATED MODULE: ./build/cli/voice.js
/** How a result is said: as text with or without colours, or as JSON, and never with a secret in it. */








const voice_PLAIN = createPalette(false);
function createVoice({ argv, environment, stdout, stderr }, scrub) {
    const colours = (output) => output.isTTY === true && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb';
    return {
        stdout,
        stderr,
        scrub,
        out: createPalette(colours(stdout)),
        err: createPalette(colours(stderr)),
        json: wantsJson(argv, environment),
        debug: isSet(environment.COMEBACK_DEBUG),
    };
}
/** Returns the exit code. */
function sayReport(report, now, voice, log) {
    const safe = scrubbed(report, voice.scrub);
    const readable = scrubbed(safe, printable);
    if (voice.json)
        sayJson(safe, voice);
    else
        voice.stdout.write(renderReport(readable, { palette: voice.out, now }));
    const code = exitCodeOf(report);
    log?.block(renderReport(readable, { palette: voice_PLAIN, now }));
    log?.line(`exit code ${code}`);
    return code;
}
/** Returns the exit code. */
function sayError(error, voice, log) {
    const known = (0,errors/* asComebackError */.Mx)(error);
    const { code, message, hint, exitCode } = known;
    const value = scrubbed({ code, message, hint }, voice.scrub);
    const readable = scrubbed(value, printable);
    const causes = printable(voice.scrub(causesOf(error)));
    voice.stderr.write(renderError(readable, voice.err, voice.stderr.isTTY ? voice.stderr.columns : undefined));
    if (voice.debug)
        voice.stderr.write(voice.err.dim(causes));
    if (voice.json)
        sayJson({ error: value }, voice);
    log?.block(`${renderError(readable, voice_PLAIN)}\n${causes}`);
    log?.line(`exit code ${exitCode}`);
    return exitCode;
}
/** For a program one line, for a person who looks at it many. */
function sayJson(value, { stdout, scrub }) {
    stdout.write(`${JSON.stringify(scrubbed(value, scrub), null, stdout.isTTY ? 2 : undefined)}\n`);
}
/** Known before the arguments are understood, as an error in them has to be JSON, too. */
function wantsJson(argv, environment) {
    const end = argv.indexOf('--');
    const flags = (end < 0 ? argv : argv.slice(0, end)).filter(argument => /^--json(=|$)/.test(argument));
    const last = flags.at(-1);
    return last === undefined ? environment.COMEBACK_JSON?.trim() === 'true' : last !== '--json=false';
}

;// CONCATENATED MODULE: ./build/cli/run.js
/** The terminal edge as a function: arguments and surroundings in, text out, an exit code back. It never exits itself. */

















/** Every failure becomes text and an exit code; nothing is thrown. */
async function run(surroundings) {
    const { argv, environment } = surroundings;
    const voice = createVoice(surroundings, scrubber(secretsGiven(argv, environment)));
    try {
        const invocation = parseInvocation(argv, environment);
        if (invocation.kind === 'job')
            return await runCommand(invocation.command, invocation.options, surroundings, voice);
        return answer(invocation, voice);
    }
    catch (error) {
        return sayError(error, voice);
    }
}
function answer(invocation, voice) {
    if (invocation.kind === 'version') {
        if (voice.json)
            sayJson({ command: 'version', version: version/* VERSION */.x, node: process.version }, voice);
        else
            voice.stdout.write(`comeback ${version/* VERSION */.x}\n`);
        return 0;
    }
    const { verb, asked } = invocation;
    const page = (palette) => (verb === undefined ? mainHelp(palette) : verbHelp(verb, palette));
    if (!asked) {
        const error = new errors/* ComebackError */.U$('usage', 'No verb was given.', { hint: 'comeback --help' });
        if (voice.json)
            return sayError(error, voice);
        voice.stderr.write(page(voice.err));
        return error.exitCode;
    }
    if (voice.json)
        sayJson({ command: 'help', text: page(createPalette(false)) }, voice);
    else
        voice.stdout.write(page(voice.out));
    return 0;
}
async function runCommand(command, options, surroundings, first) {
    const { argv, environment, cwd, signal, now = () => new Date() } = surroundings;
    const keyFile = (0,external_node_path_.resolve)(cwd, options.keyFile);
    /** Looked for anew each time: the run may make the key. */
    const voice = () => {
        const key = keyInFile(keyFile);
        return { ...first, scrub: scrubber([...secretsGiven(argv, environment), ...(key === undefined ? [] : [key])]) };
    };
    const { scrub } = voice();
    const display = displayFor(options, surroundings, { ...first, scrub });
    const warn = (message) => display.report({ type: 'warning', component: undefined, message });
    const log = startLog(command, options, { cwd, now, scrub, warn });
    const stopping = () => display.line('Stopping; once more to stop at once.');
    signal.addEventListener('abort', stopping, { once: true });
    try {
        const report = await withDeadline(options.timeout, signal, limited => surroundings.runJob(command, options, {
            cwd,
            key: environment.COMEBACK_KEY,
            ci: isCi(environment),
            environment,
            github: githubContext(environment, undefined),
            temporary: environment.RUNNER_TEMP ?? (0,external_node_os_.tmpdir)(),
            progress: event => {
                log?.event(event);
                display.report(event);
            },
            ...(surroundings.ask === undefined ? {} : { ask: surroundings.ask }),
            signal: limited,
        }));
        display.stop();
        return sayReport(report, now(), voice(), log);
    }
    catch (error) {
        display.stop();
        return sayError(error, voice(), log);
    }
    finally {
        signal.removeEventListener('abort', stopping);
        log?.close();
    }
}
function displayFor(options, surroundings, { scrub, err, stderr }) {
    const now = surroundings.clock ?? (() => performance.now());
    const common = { output: stderr, palette: err, scrub, now };
    if (options.quiet)
        return quietDisplay(common);
    if (!stderr.isTTY || options.json || isCi(surroundings.environment))
        return plainDisplay(common);
    const every = (interval, tick) => {
        const timer = setInterval(tick, interval).unref();
        return () => clearInterval(timer);
    };
    return liveDisplay({ ...common, every });
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

/***/ 8508:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   x: () => (/* binding */ VERSION)
/* harmony export */ });
/** Held equal to package.json by a test: a bundle has no package.json to read. */
const VERSION = '0.1.0';


/***/ })

};

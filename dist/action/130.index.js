export const id = 130;
export const ids = [130];
export const modules = {

/***/ 4130:
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

// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(9473);
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
const VERBS = [
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
const ALL = VERBS;
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
    return OPTION_NAMES.some(name => OPTIONS[name].secret === 'value' && argument.startsWith(`--${kebab(name)}=`));
}
function variables(kind) {
    return OPTION_NAMES.filter(name => OPTIONS[name].secret === kind).flatMap(variablesOf);
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
    return optionsOf(verb)
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
    if (OPTIONS[name].secret === 'url')
        return placeOf(String(value));
    if (OPTIONS[name].secret === 'value')
        return '(hidden)';
    if (OPTIONS[name].type === 'duration')
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
    if (!OPTIONS.logDir.verbs.includes(verb))
        return undefined;
    const log = openLog({ directory: (0,external_node_path_.resolve)(cwd, options.logDir), verb, ...how });
    log.line(`comeback ${version/* VERSION */.x}, node ${process.versions.node}, ${process.platform} ${process.arch}`);
    log.line(Object.values(command).flat().join(' '));
    log.line(`options: ${optionsText(verb, options)}`);
    return log;
}

;// CONCATENATED MODULE: ./build/action/annotations.js

/** GitHub shows so many of a level for each step, and drops the rest without a word. */
const MOST = 10;
/** The code in the title, what to do in the text. */
function errorAnnotation({ code, message, hint }, component) {
    return annotation('error', [component, code], message, hint);
}
function remarkAnnotation(event) {
    if (event.type === 'notice')
        return annotation('notice', [], event.message);
    return annotation('warning', [event.component], event.message, event.hint);
}
/** Errors for what makes the run fail, warnings for the rest that is not as it should be. */
function reportAnnotations(report) {
    const annotations = annotationsOf(report);
    return ['error', 'warning'].flatMap(level => limited(level, annotations));
}
function annotationsOf(report) {
    switch (report.command) {
        case 'backup':
            return report.backups.flatMap(outcome => outcome.status === 'failed'
                ? [errorAnnotation(outcome.error, outcome.component)]
                : problemAnnotations(outcome.problems, outcome.component));
        case 'restore':
            return problemAnnotations(report.problems, report.component);
        case 'restore-plan':
            return planAnnotations(report);
        case 'check':
            return report.findings.map(({ component, code, message, hint }) => annotation('error', [component, code], message, hint));
        case 'prune':
            return report.problems.map(({ severity, message, hint }) => annotation(severity === 'failed' ? 'error' : 'warning', [], message, hint));
        case 'status':
            return report.components.flatMap(statusAnnotation);
        default:
            return [];
    }
}
function planAnnotations({ target, component }) {
    const refusals = target.refusal === undefined ? [] : [errorAnnotation(target.refusal, component)];
    return [...refusals, ...problemAnnotations(target.problems, component)];
}
/** What is missing from a backup first. */
function problemAnnotations(problems, component) {
    const isMissing = ({ severity }) => severity === 'partial';
    const sorted = [...problems.filter(isMissing), ...problems.filter(problem => !isMissing(problem))];
    return sorted.map(problem => annotation('warning', [component, isMissing(problem) ? 'missing' : undefined], problem.message, problem.hint));
}
function statusAnnotation({ component, state, overdue, last, next }) {
    if (!overdue && state !== 'bad')
        return [];
    const message = last === undefined ? 'There is no good backup.' : `The last good backup is ${durationText(last.age)} old.`;
    const hint = next.length === 0 ? undefined : next.join('\n');
    return [annotation(overdue ? 'error' : 'warning', [component, overdue ? 'overdue' : undefined], message, hint)];
}
function limited(level, all) {
    const annotations = all.filter(annotation => annotation.level === level);
    if (annotations.length <= MOST)
        return annotations;
    const shown = annotations.slice(0, MOST - 1);
    return [...shown, annotation(level, [], `${annotations.length - shown.length} more stand in the log.`)];
}
function annotation(level, subjects, message, hint) {
    const words = subjects.filter(subject => subject !== undefined);
    return {
        level,
        title: words.length === 0 ? 'Comeback' : `Comeback: ${words.join(', ')}`,
        text: hint === undefined ? message : `${message}\n${hint}`,
    };
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:worker_threads"
var external_node_worker_threads_ = __webpack_require__(5919);
;// CONCATENATED MODULE: ./build/action/cache.js
/**
 * What is remembered of a store goes from run to run in GitHub's cache, which may lose it at any time. It is never the only
 * copy of anything and nothing waits long for it: whatever goes wrong with it is a line in the debug log.
 *
 * A cache is an archive that the client unpacks before anyone can look at it; GitHub lets only runs of the same branch, or
 * of the default branch, write what this run restores. What is unpacked is believed no further than the store itself.
 */





/** Milliseconds for each way. */
const LIMIT = 20_000;
/** Bytes of the folder beyond which it is not worth its way. */
const FOLDER_LIMIT = 256 * 1024 * 1024;
/** `check` and `prune` must see the store itself, a restore reads little, and a list is asked for by a person now and then. */
const cache_VERBS = ['backup', 'status'];
const REMOTE = /^(artifact:|s3:\/\/)/;
/** Restores what an earlier run has saved. Undefined where there is nothing to gain, or no cache. Never throws. */
async function restoreCache(request) {
    const { verb, options, environment, signal, debug } = request;
    const { RUNNER_TEMP: temporary = '', ACTIONS_RUNTIME_TOKEN: token = '', GITHUB_RUN_ID: id = '' } = environment;
    if (!cache_VERBS.includes(verb) || !REMOTE.test(options.store) || [temporary, token, id].includes(''))
        return undefined;
    const place = (0,external_node_crypto_.createHash)('sha256')
        .update(JSON.stringify([options.store, options.s3Endpoint ?? '', environment.GITHUB_REPOSITORY ?? '']))
        .digest('hex')
        .slice(0, 16);
    const prefix = `comeback-${place}-`;
    const call = {
        folder: (0,external_node_path_.join)(temporary, `comeback-memory-${place}`),
        key: `${prefix}${id}-${environment.GITHUB_RUN_ATTEMPT || '1'}`,
        prefix,
        limit: request.limit ?? LIMIT,
    };
    const { folder } = call;
    await cache_attempt(debug, async () => debug(`Cache: ${await ask({ ...call, action: 'restore' }, request)}`));
    const before = await cache_attempt(debug, () => contents(folder));
    return {
        folder,
        async save() {
            await cache_attempt(debug, async () => {
                const after = await contents(folder);
                if (signal.aborted || after === before || after === '')
                    return;
                debug(`Cache: ${await ask({ ...call, action: 'save' }, request)}`);
            });
        },
    };
}
/** What the folder holds, as a text that changes with it. One that has grown too large begins anew. */
async function contents(folder) {
    const names = await (0,promises_.readdir)(folder).catch((error) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
            return [];
        throw error;
    });
    let bytes = 0;
    const files = [];
    for (const name of names.sort()) {
        const { size, mtimeMs } = await (0,promises_.stat)((0,external_node_path_.join)(folder, name));
        bytes += size;
        files.push(`${name} ${size} ${mtimeMs}`);
    }
    if (bytes <= FOLDER_LIMIT)
        return files.join('\n');
    await (0,promises_.rm)(folder, { recursive: true, force: true });
    return '';
}
async function cache_attempt(debug, run) {
    try {
        return await run();
    }
    catch (error) {
        debug(`Cache: ${(0,errors/* asComebackError */.Mx)(error).message}`);
        return undefined;
    }
}
/** Rejects with what ended the thread early, be it the time limit or the signal. */
async function ask(workerData, { environment, signal }) {
    const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined));
    const worker = new external_node_worker_threads_.Worker(workerFile(), { workerData, env, stdout: true, stderr: true });
    // The client's own words: errors that are none, and addresses that are secret.
    worker.stdout.resume();
    worker.stderr.resume();
    const limited = AbortSignal.any([signal, AbortSignal.timeout(workerData.limit)]);
    const { promise, resolve, reject } = Promise.withResolvers();
    const stop = () => reject(limited.reason);
    limited.addEventListener('abort', stop, { once: true });
    worker.once('message', resolve);
    worker.on('error', reject);
    worker.once('exit', code => reject(new Error(`The thread that asks for it ended with ${code}.`)));
    try {
        if (limited.aborted)
            stop();
        return await promise;
    }
    finally {
        limited.removeEventListener('abort', stop);
        await worker.terminate();
    }
}
/** The worker lies beside this file: as TypeScript in the sources, as a bundle of its own in a build. */
function workerFile() {
    return new URL(`./cache-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
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
        const spec = OPTIONS[name];
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
    const options = Object.fromEntries(OPTION_NAMES.map(name => [name, resolve(name)]));
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
        const takers = OPTIONS[name].verbs;
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

;// CONCATENATED MODULE: ./build/action/wording.js
/** Messages and hints speak of flags; in a workflow the same things are inputs, written as YAML writes them. */

const NAMES = new Map(OPTION_NAMES.map(name => [flag(name), name]));
/** What may follow a flag as its value: a placeholder in capitals, a number, or one of the choices. */
const VALUE = /^ (?=[A-Z]{2,}\b|\d)/;
/**
 * `--mode atomic` becomes `mode: atomic`, `--full` `full: true`, a flag that is only named its name. What is part of a
 * command for a terminal (`comeback prune --apply`) stays as it is.
 */
function inputsInsteadOfFlags(text) {
    return text.replace(/(?<![\w-])--[a-z][a-z-]*[a-z]/g, (found, at) => {
        const option = NAMES.get(found);
        const inCommand = /\bcomeback [a-z]+[^.;`\n]*$/.test(text.slice(0, at));
        return option === undefined || inCommand ? found : asInput(option, text.slice(at + found.length));
    });
}
function asInput(option, rest) {
    const spec = OPTIONS[option];
    if (spec.type === 'flag')
        return `${kebab(option)}: true`;
    const chosen = spec.type === 'choice' && spec.choices.some(choice => rest.startsWith(` ${choice}`));
    return chosen || VALUE.test(rest) ? `${kebab(option)}:` : kebab(option);
}

;// CONCATENATED MODULE: ./build/action/input-table.js
/**
 * The inputs of the Action: a few of its own, and every option under the name that its flag has. action.yml, the README and
 * the parser come from this table.
 */



/** For a person at a terminal: the old scripts' folder is on their machine, and so is the repository that `init` writes to. */
const ACTION_VERBS = VERBS.filter((verb) => verb !== 'import' && verb !== 'init' && verb !== 'key');
/** What takes the place of a default store on a disk: a runner's disk is gone when the job ends. */
const STANDARD_STORE = 'artifact:';
/** They are about the terminal, or about files that are not on a runner. */
const FLAGS_ONLY = ['json', 'quiet', 'showValues', 'kdfIterations', 'legacyKdf'];
const FILLED_IN = {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own syntax
    githubToken: '${{ github.token }}',
};
/** Where the words of the flag's help would not fit. */
const DESCRIPTIONS = {
    store: `Where the backups are: artifact: (the artifacts of this repository), artifact:OWNER/REPO (those of another one), s3://BUCKET/PREFIX or file:DIR. Default: ${STANDARD_STORE}`,
    githubToken: 'Token for the artifacts. Reading needs the permission actions: read, pruning actions: write. Default: the token of the job.',
    keyFile: 'File that holds the key, if the input key is not given. Default: .backup_key',
    databaseUrl: 'The database, from a secret: postgresql://user:password@host:5432/name. Also from DATABASE_URL in the environment.',
    safetyStore: 'Where the backup of the target goes that is made before a restore touches it. Without it, into store.',
    timeout: 'How long the whole run may take. Give the job more time than that, so that the run can end in good order.',
};
const OWN_FIRST = [
    {
        name: 'command',
        verbs: ACTION_VERBS,
        description: `What to do: ${ACTION_VERBS.join(', ')}. Default: backup`,
    },
    {
        name: 'component',
        verbs: ACTION_VERBS,
        description: `What to do it with: ${manifest/* COMPONENTS */.$j.join(', ')}, several of them, or all. restore and export need one. Default: all`,
    },
    {
        name: 'at',
        verbs: ['restore', 'export'],
        description: 'Which backup: latest, a day such as 2026-11-23 (UTC, the newest of it), a time such as 2026-11-23T02:00Z (the newest at or before it), or the id of one. Default: latest',
    },
    {
        name: 'key',
        verbs: ACTION_VERBS,
        description: 'The key, from a secret. Without it nobody can read the backups. Also from COMEBACK_KEY in the environment.',
    },
];
const OWN_LAST = [
    {
        name: 'summary-details',
        verbs: ACTION_VERBS,
        description: 'Show the names of tables and files in the job summary, too. The summaries of a public repository are public. Default: false',
    },
];
/** In the order in which action.yml and README show them. */
const INPUTS = [
    ...OWN_FIRST,
    ...OPTION_NAMES.filter(name => !FLAGS_ONLY.includes(name))
        .map(inputOf)
        .filter(({ verbs }) => verbs.length > 0),
    ...OWN_LAST,
];
/** The variable by which the runner hands it on: `INPUT_DATABASE-URL`. */
function variableOf(input) {
    return `INPUT_${input.toUpperCase()}`;
}
function inputOf(option) {
    const filledIn = FILLED_IN[option];
    return {
        name: kebab(option),
        option,
        verbs: ACTION_VERBS.filter(verb => OPTIONS[option].verbs.includes(verb)),
        description: DESCRIPTIONS[option] ?? describe(option),
        ...(filledIn === undefined ? {} : { filledIn }),
    };
}
function describe(option) {
    const spec = OPTIONS[option];
    const choices = spec.type === 'choice' && !spec.help.includes(spec.choices[0] ?? '') ? spec.choices : [];
    return [
        inputsInsteadOfFlags(spec.help),
        ...(choices.length === 0 ? [] : [`One of: ${choices.join(', ')}.`]),
        ...(spec.type === 'list' ? ['One value a line.'] : []),
        ...(spec.alsoFrom === undefined
            ? []
            : [`Also from ${variablesOf(option).slice(1).join(' or ')} in the environment.`]),
        ...('default' in spec && spec.default !== undefined ? [`Default: ${spec.default}`] : []),
        ...(spec.type === 'flag' ? ['Default: false'] : []),
    ].join(' ');
}

;// CONCATENATED MODULE: ./build/action/renamed-inputs.js
/** Names of inputs that other backup actions have, or that a person would guess, and what they are called here. */
const RENAMED = {
    command: ['action', 'operation', 'verb', 'task'],
    component: ['components', 'type', 'backup-type', 'what'],
    at: ['date', 'backup-date', 'time', 'timestamp', 'id', 'backup-id', 'version', 'point-in-time'],
    key: ['encryption-key', 'backup-key', 'passphrase', 'encryption-password'],
    store: ['s3-bucket', 'bucket', 'aws-s3-bucket', 's3-path', 's3-prefix', 'storage', 'backend', 'destination'],
    's3-region': ['aws-region', 'region'],
    's3-endpoint': ['endpoint', 'endpoint-url', 'aws-endpoint', 'aws-endpoint-url', 's3-url'],
    'github-token': ['token', 'repo-token', 'gh-token'],
    'database-url': ['db-url', 'connection-string', 'connection-url', 'postgres-url', 'postgresql-url', 'pg-url', 'dsn'],
    'target-url': ['target', 'target-database', 'target-database-url', 'restore-url'],
    'retention-days': ['retention', 'keep-days', 'retain-days'],
    files: ['path', 'paths', 'directories', 'folders'],
    exclude: ['excludes', 'ignore'],
    'config-files': ['config', 'config-paths'],
    into: ['output', 'output-dir', 'directory', 'target-dir', 'target-folder', 'restore-path'],
    lanes: ['jobs', 'parallel', 'parallelism', 'connections'],
    codec: ['compression', 'compress'],
    level: ['compression-level'],
};
/** What is no input of ours, and what to do instead. */
const ELSEWHERE = {
    json: 'The output report names a file that holds the result as JSON.',
    quiet: 'The log of a step is folded by itself.',
    'aws-access-key-id': 'Credentials come from the environment: use aws-actions/configure-aws-credentials, or env.',
    'aws-secret-access-key': 'Credentials come from the environment: use aws-actions/configure-aws-credentials, or env.',
    password: 'The key of the backups is the input key. The password of a database is part of database-url.',
    host: 'The whole address is one input: database-url.',
    port: 'The whole address is one input: database-url.',
    user: 'The whole address is one input: database-url.',
    username: 'The whole address is one input: database-url.',
    database: 'The whole address is one input: database-url. What to back up is called component.',
};
const renamed_inputs_NAMES = new Map(Object.entries(RENAMED).flatMap(([ours, theirs]) => theirs.map(name => [name, ours])));
/** The input that somebody means who writes `name`, if it is one of those names. */
function renamedInput(name) {
    return renamed_inputs_NAMES.get(dashed(name));
}
/** What to do about an input that there is not. */
function adviceOnInput(name) {
    const ours = renamedInput(name);
    return ours === undefined ? ELSEWHERE[dashed(name)] : `It is called ${ours} here.`;
}
function dashed(name) {
    return name.replaceAll('_', '-');
}

;// CONCATENATED MODULE: ./build/action/inputs.js






const PREFIX = /^INPUT_/;
const OPTION_BY_NAME = new Map(INPUTS.flatMap(({ name, option }) => (option === undefined ? [] : [[name, option]])));
/** An empty input counts as not given, as a secret that is not set reads so. Throws `usage`. */
function parseInputs(environment) {
    const given = givenInputs(environment);
    const verb = verbNamed(given.get('command') ?? 'backup');
    const options = optionsGiven(given);
    refuseForeignOptions(verb, options.keys(), { verbs: ACTION_VERBS, spell });
    const command = commandOf(verb, given.get('component'), given.get('at'));
    if (given.has('at') && options.get('undo')?.[0] === 'true') {
        throw usage('undo brings back what the target held before, and does not take input at.', 'Leave one of them out.');
    }
    if (!isSomewhere(options, environment))
        options.set('store', [STANDARD_STORE]);
    const resolved = resolveOptions(verb, options, environment, spell);
    if (verb === 'export' && resolved.into === undefined) {
        throw usage('export needs a folder to write to.', 'Name it with the input into.');
    }
    return {
        command,
        options: resolved,
        key: given.get('key') ?? environment.COMEBACK_KEY,
        summaryDetails: yesOrNo('summary-details', given.get('summary-details') ?? 'false') === 'true',
    };
}
/** By name, without those that are empty. Throws `usage` for one that there is not, even if it is empty. */
function givenInputs(environment) {
    const names = INPUTS.map(({ name }) => name);
    const given = new Map();
    for (const [variable, value = ''] of Object.entries(environment)) {
        if (!PREFIX.test(variable))
            continue;
        const name = variable.replace(PREFIX, '').toLowerCase();
        if (!names.includes(name))
            throw unknownInput(name, names);
        // Not trimmed: the key may begin with a blank.
        if (value.trim() !== '')
            given.set(name, name === 'key' ? value : value.trim());
    }
    return given;
}
function unknownInput(name, names) {
    const near = nearest(name.replaceAll('_', '-'), names);
    const advice = adviceOnInput(name) ?? (near === undefined ? undefined : `Did you mean ${near}?`);
    return usage(`There is no input ${quoted(name)}.`, advice ?? `The inputs are: ${names.join(', ')}.`);
}
function optionsGiven(given) {
    const options = new Map();
    for (const [name, option] of OPTION_BY_NAME) {
        const text = given.get(name);
        if (text === undefined)
            continue;
        options.set(option, OPTIONS[option].type === 'flag' ? [yesOrNo(name, text)] : valuesIn(text, OPTIONS[option]));
    }
    return options;
}
function isSomewhere(given, environment) {
    return given.has('store') || variablesOf('store').some(name => (environment[name] ?? '').trim() !== '');
}
/** As YAML's core schema spells them. */
function yesOrNo(name, text) {
    if (/^(true|True|TRUE)$/.test(text))
        return 'true';
    if (/^(false|False|FALSE)$/.test(text))
        return 'false';
    throw usage(`input ${name} is true or false, not ${quoted(text)}.`, 'Write true or false.');
}
function verbNamed(word) {
    const verb = ACTION_VERBS.find(verb => verb === word);
    if (verb !== undefined)
        return verb;
    if (word === 'init' || word === 'key') {
        throw usage(`The Action has no command ${word}.`, `Run comeback ${word} on your own machine.`);
    }
    const near = nearest(word, ACTION_VERBS);
    throw usage(`There is no command ${quoted(word)}.`, near === undefined ? `The commands are: ${ACTION_VERBS.join(', ')}.` : `Did you mean ${near}?`);
}
function commandOf(verb, component, at) {
    switch (verb) {
        case 'restore':
        case 'export':
            return { verb, component: theOne(verb, component), at: at ?? 'latest' };
        default:
            if (at !== undefined)
                throw usage(`${verb} does not take input at.`, 'It belongs to restore, export.');
            return { verb, components: componentsNamed(wordsOf(component)) };
    }
}
function theOne(verb, component) {
    const [word, ...more] = wordsOf(component);
    if (word === undefined) {
        throw usage(`${verb} needs to know which component.`, 'Set the input component to database, files or config.');
    }
    return oneComponent(verb, more.length > 0 ? 'all' : word);
}
/** Several stand on lines, or between blanks or commas. */
function wordsOf(component) {
    return (component ?? '').split(/[\s,]+/).filter(word => word !== '');
}
function spell(option) {
    return `input ${kebab(option)}`;
}

;// CONCATENATED MODULE: ./build/action/masks.js
/**
 * What the runner must never show. It masks only what it is told of, so this comes before any other output: the key,
 * tokens, database URLs and the passwords in them, each in every spelling in which a library or a server may quote it.
 */





/** Characters. A shorter mask would riddle the whole log with stars, and hide nothing that is hard to guess. */
const masks_SHORTEST = 4;
const VARIABLE = /^INPUT_/;
const SECRET_INPUTS = new Set([
    'key',
    ...INPUTS.flatMap(({ name, option }) => (option !== undefined && OPTIONS[option].secret === 'value' ? [name] : [])),
]);
/** All secrets in the environment and the inputs, those among them that were given under a wrong name. */
function secretsOfAction(environment) {
    const inputs = Object.entries(environment).flatMap(([variable, value = '']) => {
        if (!VARIABLE.test(variable))
            return [];
        const name = variable.replace(VARIABLE, '').toLowerCase();
        const whole = SECRET_INPUTS.has(renamedInput(name) ?? name) ? [value] : [];
        // Any of them: a URL in the wrong input is as secret as in the right one.
        return [...whole, ...value.split(/\s+/).flatMap(secretsOfUrl)];
    });
    return [...secretsGiven([], environment), ...inputs].filter(secret => secret.trim() !== '');
}
/**
 * One line each, as the runner looks at one line of the log at a time, and would itself cut a mask of several lines into
 * masks of any length.
 */
function masksFor(secrets) {
    const lines = secrets.flatMap(secret => secret.split(/[\r\n]+/)).map(line => line.trim());
    return [...new Set(lines.filter(isLong).flatMap(spellings).filter(isLong))];
}
function isLong(text) {
    return text.length >= masks_SHORTEST;
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

;// CONCATENATED MODULE: ./build/report/markdown-escape.js
/**
 * Other people's text in Markdown. Names of tables and files, and messages of servers, must come out as they are: not as
 * markup, not as a new cell or line of a table, not as a link, and without calling anybody. Entities do for all that
 * Markdown and HTML understand. GitHub looks for mentions and issue numbers in the finished page, where entities are gone:
 * there a space of no width stands between.
 */

/** Characters that are shown of one message, and of one name: a summary has 1 MiB in all. */
const MESSAGE = 1_000;
const markdown_escape_NAME = 300;
const BREAK = '\u200b';
/** Text in a sentence or a cell; line breaks become `<br>`. Never to be put at the beginning of a line. */
function prose(text) {
    const shown = printable(cut(text.trim(), MESSAGE)).replaceAll('\t', ' ');
    return entities(shown)
        .replace(/(&#64;|&#35;(?=\d)|GH-(?=\d))/gi, `$1${BREAK}`)
        .replace(/\s*\n\s*/g, '<br>');
}
/** A name, an id, a place: in the type of code, in which GitHub looks for nothing. */
function code(text) {
    return `<code>${entities(onOneLine(cut(text, markdown_escape_NAME)))}</code>`;
}
/** A block of code that ends where it is meant to. */
function fenced(language, lines) {
    const body = lines.map(onOneLineKeepingSpaces);
    const longest = Math.max(2, ...body.flatMap(line => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
    const fence = '`'.repeat(longest + 1);
    return [`${fence}${language}`, ...body, fence];
}
/** A word for a shell, quoted where it must be. */
function shellWord(text) {
    return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${onOneLine(text).replaceAll("'", `'\\''`)}'`;
}
/** All but letters, digits, spaces and the few signs that mean nothing inside of a line. */
function entities(text) {
    return text
        .replace(/[!-~]/g, sign => (/[A-Za-z0-9.,;%/'"=+?-]/.test(sign) ? sign : `&#${sign.charCodeAt(0)};`))
        .replace(/(www)\./gi, '$1&#46;');
}
function cut(text, limit) {
    // What has no width counts as nothing there, so there is a bound in characters, too.
    return text.length <= limit ? text : fitted(text.slice(0, 2 * limit).toWellFormed(), limit);
}
function onOneLineKeepingSpaces(line) {
    return printable(line.replaceAll('\n', ' '));
}

;// CONCATENATED MODULE: ./build/report/markdown-parts.js
/** The few shapes that every summary is made of. Their texts come in escaped. */
/** Rows beyond these are counted, not shown. */
const ROWS = 100;
/** A table between two empty lines. */
function markdownTable(columns, rows) {
    const line = (cells) => `| ${cells.join(' | ')} |`;
    const more = rows.length - ROWS;
    return [
        '',
        line(columns.map(({ head }) => head)),
        line(columns.map(({ right }) => (right ? '---:' : '---'))),
        ...rows.slice(0, ROWS).map(line),
        '',
        ...(more > 0 ? [`… and ${more.toLocaleString('en')} more.`, ''] : []),
    ];
}
/** What only some readers want to see. */
function folded(title, lines, open = false) {
    return ['', `<details${open ? ' open' : ''}><summary>${title}</summary>`, '', ...lines, '', '</details>', ''];
}
/** GitHub's coloured boxes. */
function markdown_parts_alert(kind, lines) {
    return ['', `> [!${kind}]`, ...lines.map(line => (line === '' ? '>' : `> ${line}`)), ''];
}
/** `- **Kept until:** 2026-12-23`, one a line. */
function facts(pairs) {
    return pairs.flatMap(pair => (pair === undefined ? [] : [`- **${pair[0]}:** ${pair[1]}`]));
}

;// CONCATENATED MODULE: ./build/report/markdown-chart.js
/** How a component's backups grew, as a chart that GitHub draws. */


const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
/** Nothing where there is only one backup. */
function sizeChart(history) {
    if (history.length < 2)
        return [];
    const largest = Math.max(...history.flatMap(({ bytes, stored }) => [bytes, stored]));
    const step = Math.min(Math.max(0, Math.floor(Math.log10(Math.max(1, largest)) / 3)), UNITS.length - 1);
    const values = (pick) => history.map(point => Number((pick(point) / 1000 ** step).toPrecision(4))).join(', ');
    const lines = [
        'Bars: what a backup restores to. Line: what it added to the store.',
        '',
        ...fenced('mermaid', [
            '---',
            'config:',
            '    xyChart:',
            '        width: 900',
            '        height: 300',
            '---',
            'xychart-beta',
            `    x-axis [${dayLabels(history)
                .map(label => `"${label}"`)
                .join(', ')}]`,
            `    y-axis "${UNITS[step]}" 0 --> ${Number(((largest * 1.1) / 1000 ** step || 1).toPrecision(4))}`,
            `    bar [${values(({ bytes }) => bytes)}]`,
            `    line [${values(({ stored }) => stored)}]`,
        ]),
    ];
    return folded(`Sizes of the last ${history.length} backups`, lines, true);
}
/**
 * The day of the month, as thirty whole dates have no room beside each other. Two equal labels would be one place on the
 * axis, so the later ones get a space of no width behind them.
 */
function dayLabels(history) {
    const seen = new Map();
    return history.map(({ time }) => {
        const day = String(new Date(time).getUTCDate());
        const before = seen.get(day) ?? 0;
        seen.set(day, before + 1);
        return day + '\u200b'.repeat(before);
    });
}

;// CONCATENATED MODULE: ./build/report/markdown-decrypt.js
/** How a backup comes back without Comeback: the files out of their store, then the one command that the manifest names. */


function decryptSection(backup, store) {
    return folded('Decrypt it without Comeback', backup.decrypt === undefined ? exported(backup, store) : stock(backup, backup.decrypt, store));
}
function stock(backup, decrypt, store) {
    return [
        `In an empty folder, with the key (its id is ${code(backup.keyId)}) in the file <code>.backup_key</code>:`,
        '',
        ...fenced('sh', [...fetchLines(backup, store), decrypt]),
    ];
}
function exported({ component, id, keyId, leansOn }, store) {
    const why = leansOn > 0 ? 'It leans on older backups' : 'Its files are not one plain script';
    const token = store.startsWith('artifact:') ? 'GITHUB_TOKEN=$(gh auth token) ' : '';
    return [
        `${why}, so <code>comeback export</code> makes it stand on its own first, and prints the command that decrypts it. With the key (its id is ${code(keyId)}) in the file <code>.backup_key</code>:`,
        '',
        ...fenced('sh', [`${token}comeback export ${component} ${id} --into exported --store ${shellWord(store)}`]),
    ];
}
/** Leaves the shell in a folder that holds the backup's files under their own names, and the key. */
function fetchLines({ component, id }, store) {
    const [kind, rest] = [store.slice(0, store.indexOf(':')), store.slice(store.indexOf(':') + 1)];
    if (kind === 'artifact') {
        const artifacts = `repos/${rest}/actions/artifacts`;
        return [
            `gh api --paginate ${shellWord(`${artifacts}?per_page=100`)} \\`,
            `  --jq '.artifacts[] | select(.expired | not) | "\\(.id) \\(.name)"' |`,
            `  grep ' comeback~${component}~${id}~' |`,
            '  while read -r artifact name; do',
            `    gh api ${shellWord(artifacts)}/$artifact/zip > "$(echo "$name" | cut -d'~' -f4)"`,
            '  done',
        ];
    }
    if (kind === 's3') {
        return [
            "# Where the bucket is not Amazon's, add --endpoint-url URL.",
            `aws s3 cp --recursive ${shellWord(`${store}/${component}/${id}`)} .`,
        ];
    }
    return [`cp ${shellWord(`${rest}/${component}/${id}`)}/* .`];
}

;// CONCATENATED MODULE: ./build/report/markdown-problems.js


/** Problems that are shown of one component; the rest are counted. */
const SHOWN = 20;
/** A box: what failed, why, and what to do. `what` is ours: it goes in as it is. */
function failureBox(what, { message, hint, code: kind }) {
    return markdown_parts_alert('CAUTION', [
        `**${what}:** ${prose(message)}`,
        ...(hint === undefined ? [] : ['', `**What to do:** ${prose(hint)}`]),
        '',
        `Code: ${code(kind)}`,
    ]);
}
/** A box of warnings, what is missing first; nothing where there are none. */
function problemBox(problems) {
    if (problems.length === 0)
        return [];
    const sorted = [...problems].sort((a, b) => rank(a) - rank(b));
    const more = sorted.length - SHOWN;
    return markdown_parts_alert('WARNING', [
        ...sorted.slice(0, SHOWN).map(({ severity, message, hint }) => {
            const label = severity === 'partial' ? '**Missing:** ' : '';
            return `- ${label}${prose(message)}${hint === undefined ? '' : `<br>**What to do:** ${prose(hint)}`}`;
        }),
        ...(more > 0 ? [`- … and ${more.toLocaleString('en')} more.`] : []),
    ]);
}
function rank({ severity }) {
    return severity === 'partial' ? 0 : 1;
}

;// CONCATENATED MODULE: ./build/report/markdown-backup.js
/** The summary of a backup run: failures first, then the numbers side by side, then each backup's particulars. */






/** Milliseconds. */
const markdown_backup_DAY = 24 * 60 * 60 * 1000;
function backupMarkdown({ store, backups }, { details, now }) {
    const failed = backups.filter(outcome => outcome.status === 'failed');
    const made = backups.filter(outcome => outcome.status !== 'failed');
    return [
        `## ${title(backups)}`,
        ...failed.flatMap(({ component, error, placeholder }) => [
            ...failureBox(`The backup of ${component} failed`, error),
            ...(placeholder === undefined
                ? []
                : [`What it had stored is kept as placeholder ${code(placeholder)}; the next backup builds on it.`, '']),
        ]),
        ...(made.length === 0 ? [] : overview(made)),
        `In ${code(store)}.`,
        '',
        ...made.flatMap(backup => [
            ...(backups.length > 1 ? [`### ${backup.component}`, ''] : []),
            ...particulars(backup, now),
            ...problemBox(backup.problems),
            ...sizeChart(backup.history),
            ...largestSegments(backup, details),
            ...decryptSection(backup, store),
        ]),
    ];
}
function title(backups) {
    const named = (wanted) => backups
        .filter(({ status }) => status === wanted)
        .map(({ component }) => component)
        .join(', ');
    const [failed, partial, complete] = [named('failed'), named('partial'), named('complete')];
    const parts = [
        ...(failed === '' ? [] : [`${failed} failed`]),
        ...(partial === '' ? [] : [`${partial} partial`]),
        ...(complete === '' ? [] : [`${complete} complete`]),
    ];
    return `${failed !== '' ? '❌' : partial !== '' ? '⚠️' : '✅'} Backup: ${parts.join('; ')}`;
}
function overview(made) {
    return markdownTable([
        { head: 'Component' },
        { head: 'Backup' },
        { head: 'Size', right: true },
        { head: 'New', right: true },
        { head: 'Stored', right: true },
        { head: 'Took', right: true },
        { head: 'Rate', right: true },
    ], made.map(({ component, status, id, bytes, seconds }) => [
        status === 'complete' ? component : `${component} (${status})`,
        code(id),
        sizeText(bytes.read),
        `${sizeText(bytes.new)} (${markdown_backup_percent(bytes.new, bytes.read)})`,
        sizeText(bytes.stored),
        durationText(seconds),
        rateText(bytes.read, seconds),
    ]));
}
function particulars(backup, now) {
    const { expires } = backup;
    return [
        ...facts([
            ['Taken', timeText(backup.time)],
            ['Holds', `${countText(backup.segments, 'segment')} in ${countText(backup.chunks, 'chunk')}`],
            ['Stands on', footing(backup)],
            expires === undefined
                ? undefined
                : ['Kept until', `${expires.slice(0, 10)} (for ${countText(daysUntil(expires, now), 'day')})`],
            ['Key id', code(backup.keyId)],
        ]),
        '',
    ];
}
function daysUntil(iso, now) {
    return Math.max(0, Math.round((new Date(iso).getTime() - now.getTime()) / markdown_backup_DAY));
}
function footing({ full, leansOn, base }) {
    if (full)
        return 'itself: a full backup';
    if (leansOn === 0)
        return 'itself: it needs no older backup';
    return `${countText(leansOn, 'older pack')}${base === undefined ? '' : `; compared with ${code(base)}`}`;
}
/** Summaries of public repositories are public, and so would be the names of tables and files. */
function largestSegments({ largest, bytes }, details) {
    if (largest.length === 0)
        return [];
    return folded(`Largest segments${details ? '' : ', without their names'}`, markdownTable([{ head: details ? 'Segment' : '#' }, { head: 'Size', right: true }, { head: 'Share', right: true }], largest.map((segment, index) => [
        details ? code(segment.name) : `${index + 1}`,
        sizeText(segment.bytes),
        markdown_backup_percent(segment.bytes, bytes.read),
    ])));
}
/** `0 %`, `0.4 %`, `37 %`. */
function markdown_backup_percent(part, whole) {
    const value = whole === 0 ? 0 : (100 * part) / whole;
    return `${value > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} %`;
}

;// CONCATENATED MODULE: ./build/report/markdown-check.js



/** Findings that are shown; the rest are counted. */
const markdown_check_SHOWN = 40;
/** Backups that are named of those which one finding hurts. */
const HURT_SHOWN = 5;
function checkMarkdown(report) {
    const { store, seconds, key, percent, components, findings, foreign } = report;
    return [
        `## ${findings.length === 0 ? '✅ Check: all is whole' : `❌ Check: ${countText(findings.length, 'finding')}`}`,
        ...findingBox(findings),
        ...markdownTable([
            { head: 'Component' },
            { head: 'Whole', right: true },
            { head: 'Hurt', right: true },
            { head: 'Authenticated', right: true },
            { head: 'Objects there', right: true },
            { head: 'Read', right: true },
            { head: 'Chunks compared', right: true },
            { head: 'Of no backup', right: true },
        ], components.map(row)),
        ...facts([
            ['Store', code(store)],
            ['Took', durationText(seconds)],
            ['Read', percent === 0 ? 'nothing: names and sizes were compared' : `${percent} % of the objects`],
            key ? undefined : ['Key', 'none at hand, so nothing was authenticated or decrypted'],
            foreign === 0 ? undefined : ['Not of a backup', `${countText(foreign, 'name')}, left alone`],
        ]),
        '',
    ];
}
function row({ component, backups, ...checked }) {
    return [
        `${backups.hurt === 0 ? '✅' : '❌'} ${component}`,
        backups.whole.toLocaleString('en'),
        backups.hurt.toLocaleString('en'),
        checked.authenticated.toLocaleString('en'),
        `${checked.present.objects.toLocaleString('en')} of ${amountText(checked.named)}`,
        amountText(checked.read),
        checked.chunks.toLocaleString('en'),
        amountText(checked.orphans),
    ];
}
function findingBox(findings) {
    if (findings.length === 0)
        return [];
    const more = findings.length - markdown_check_SHOWN;
    return markdown_parts_alert('CAUTION', [
        ...findings.slice(0, markdown_check_SHOWN).map(findingLine),
        ...(more > 0 ? [`- … and ${more.toLocaleString('en')} more.`] : []),
    ]);
}
function findingLine({ code: kind, message, hint, hurts }) {
    const more = hurts.length - HURT_SHOWN;
    const ids = hurts.slice(0, HURT_SHOWN).map(code).join(', ');
    const hurt = hurts.length === 0 ? '' : `<br>Hurts ${ids}${more > 0 ? ` and ${more.toLocaleString('en')} more` : ''}.`;
    return `- ${prose(message)} (${code(kind)})${hurt}<br>**What to do:** ${prose(hint)}`;
}
function amountText({ objects, bytes }) {
    return objects === 0 ? '0' : `${objects.toLocaleString('en')} (${sizeText(bytes)})`;
}

;// CONCATENATED MODULE: ./build/report/markdown-list.js
/** What a store holds, as a table. */



/** Strange names that are shown; the rest are counted. */
const FOREIGN_SHOWN = 5;
function listMarkdown({ store, backups, foreign }, now) {
    const failed = backups.filter(({ status }) => status === 'failed').length;
    const stored = backups.reduce((sum, backup) => sum + backup.stored, 0);
    const doubtful = backups.some(({ authenticated, status }) => !authenticated && status !== 'damaged' && status !== 'unread');
    return [
        `## Backups: ${backups.length === 0 ? 'none' : countText(backups.length - failed, 'backup')}`,
        '',
        `${failed === 0 ? '' : `And ${countText(failed, 'failed run')}. `}${sizeText(stored)} stored in ${code(store)}.`,
        ...(backups.length === 0 ? [''] : table(backups, now)),
        ...(doubtful ? ['? Made with another key than the one at hand, so listed as it claims to be.', ''] : []),
        ...foreignLines(foreign),
    ];
}
const STATUS = {
    complete: '✅ complete',
    partial: '⚠️ partial',
    failed: '❌ failed',
    damaged: '❌ damaged',
    unread: 'unread',
};
function table(backups, now) {
    const reasons = backups.some(({ reason }) => reason !== undefined);
    return markdownTable([
        { head: 'Status' },
        { head: 'Component' },
        { head: 'Backup (UTC)' },
        { head: 'Age', right: true },
        { head: 'Size', right: true },
        { head: 'Stored', right: true },
        { head: 'Leans on', right: true },
        ...(reasons ? [{ head: 'Why' }] : []),
    ], backups.map(backup => {
        const damaged = backup.status === 'damaged';
        const unread = backup.status === 'unread';
        return [
            `${STATUS[backup.status]}${backup.purpose === undefined ? '' : `, ${backup.purpose}`}`,
            backup.component,
            `${code(backup.id)}${backup.authenticated || damaged || unread ? '' : ' ?'}`,
            ageText(new Date(backup.time), now),
            damaged || unread ? '' : sizeText(backup.bytes),
            damaged ? '' : sizeText(backup.stored),
            backup.leansOn.length === 0 ? '' : `${backup.leansOn.length}`,
            ...(reasons ? [backup.reason === undefined ? '' : prose(backup.reason)] : []),
        ];
    }));
}
function foreignLines(foreign) {
    if (foreign.length === 0)
        return [];
    const more = foreign.length - FOREIGN_SHOWN;
    const names = foreign.slice(0, FOREIGN_SHOWN).map(code).join(', ');
    return [`Not of a backup, left alone: ${names}${more > 0 ? `, and ${more.toLocaleString('en')} more` : ''}.`, ''];
}

;// CONCATENATED MODULE: ./build/report/markdown-prune.js
/** What prune removed, or would remove, and why it keeps the rest. */



function pruneMarkdown(report) {
    const { store, applied, policy, backups, leftovers, kept, removed, problems } = report;
    const failed = problems.some(({ severity }) => severity === 'failed');
    const gone = backups.filter(({ action }) => action !== 'keep');
    const stay = backups.filter(({ action }) => action === 'keep');
    return [
        `## ${failed ? '❌' : '✅'} Prune: ${markdown_prune_title(report)}`,
        ...problemBoxes(problems),
        '',
        ...facts([
            ['Store', code(store)],
            ['Keeps', policy.length === 0 ? 'everything' : policy.map(prose).join('; ')],
            [applied ? 'Removed' : 'Would remove', `${countText(removed.objects, 'object')}, ${sizeText(removed.bytes)}`],
            ['Kept', `${countText(kept.backups, 'backup')}, ${sizeText(kept.bytes)}`],
            leftovers.length === 0 ? undefined : ['Left over from interrupted runs', countText(leftovers.length, 'folder')],
        ]),
        ...(gone.length === 0 ? [''] : markdown_prune_table(gone, applied ? 'Removed because' : 'Would go because')),
        ...(applied || gone.length === 0
            ? []
            : ['Nothing was changed: this is a plan. <code>--apply</code> carries it out.', '']),
        ...(stay.length === 0 ? [] : folded(`Kept: ${countText(stay.length, 'backup')}`, markdown_prune_table(stay, 'Kept because'))),
    ];
}
function markdown_prune_title({ applied, removed }) {
    if (removed.backups === 0 && removed.objects === 0)
        return 'nothing to remove';
    return `${countText(removed.backups, 'backup')} ${applied ? 'removed' : 'would go'}`;
}
function markdown_prune_table(backups, why) {
    return markdownTable([
        { head: 'Component' },
        { head: 'Backup (UTC)' },
        { head: 'Status' },
        { head: 'Frees', right: true },
        { head: why },
    ], backups.map(({ component, id, status, action, frees, outlived, reasons }) => [
        component,
        code(id),
        action === 'refused' ? `${status}, refused by the store` : status,
        action === 'keep' ? '' : sizeText(frees.bytes),
        [
            ...reasons.map(prose),
            ...(outlived === 0 ? [] : [`${countText(outlived, 'object')} stay, as newer backups lean on them`]),
        ].join('; '),
    ]));
}
function problemBoxes(problems) {
    const boxOf = (kind, severity) => {
        const lines = problems.filter(problem => problem.severity === severity).map(problemLine);
        return lines.length === 0 ? [] : markdown_parts_alert(kind, lines);
    };
    return [...boxOf('CAUTION', 'failed'), ...boxOf('WARNING', 'warning')];
}
function problemLine({ message, hint }) {
    return `- ${prose(message)}${hint === undefined ? '' : `<br>**What to do:** ${prose(hint)}`}`;
}

;// CONCATENATED MODULE: ./build/report/markdown-restore.js
/** The summaries of what leaves a store again: a restore, an export. */




function restoreMarkdown(report, now) {
    const { component, id, time, bytes, seconds, summary, safety, problems } = report;
    return [
        `## ${problems.length === 0 ? '✅' : '⚠️'} Restored: ${component}`,
        '',
        ...facts([
            ['Backup', code(id)],
            ['State of', `${prose(timeText(time))} (${ageText(new Date(time), now)} ago)`],
            ['Took', `${durationText(seconds)} for ${sizeText(bytes)}, ${rateText(bytes, seconds)}`],
        ]),
        ...summary.map(line => `- ${prose(line)}`),
        ...(safety === undefined
            ? []
            : [
                `- What was there before is kept as safety backup ${code(safety.id)}. To bring it back, with the same options: ${code(safety.undo)}`,
            ]),
        '',
        ...problemBox(problems),
    ];
}
function exportMarkdown({ component, id, directory, files, bytes, decrypt }) {
    return [
        `## ✅ Exported: ${component}`,
        '',
        ...facts([
            ['Backup', code(id)],
            ['Files', `${countText(files.length, 'file')}, ${sizeText(bytes)}, in ${code(directory)}`],
        ]),
        '',
        'To decrypt it without Comeback, in that folder, with the key in the file <code>.backup_key</code>:',
        '',
        ...fenced('sh', [decrypt]),
        '',
    ];
}

;// CONCATENATED MODULE: ./build/report/markdown-restore-plan.js





function restorePlanMarkdown(report, details) {
    const { component, id, status, time, age, bytes, store, target } = report;
    return [
        `## ${target.refusal === undefined ? '📋' : '❌'} Restore plan: ${component}`,
        '',
        'Nothing was changed.',
        ...(target.refusal === undefined ? [] : failureBox('The restore would be refused', target.refusal)),
        '',
        ...facts([
            ['Backup', `${code(id)}, ${status}, ${sizeText(bytes)}, in ${code(store)}`],
            ['State of', `${timeText(time)}, ${secondsText(age)} ago`],
            ...(target.kind === 'database' ? databaseFacts(target, report, details) : folderFacts(target)),
            ...(report.safety === undefined ? [] : [['Safety', prose(safetyText(report.safety))]]),
        ]),
        ...lossBox(target.losses, details),
        ...problemBox(target.problems),
        ...(target.refusal === undefined ? ['', howTo(report), ''] : []),
    ];
}
function databaseFacts(target, report, details) {
    const source = sourceText(target, report);
    const { place, database, user, server, holds } = target;
    const names = details && holds !== undefined ? ` (${holds.examples.map(code).join(', ')})` : '';
    return [
        ['Into', `${code(place)}, database ${code(database)}, as ${code(user)}, ${prose(server)}`],
        ...(source === undefined ? [] : [['That is', prose(source)]]),
        ...(target.chosen === undefined
            ? []
            : [['Only', details ? prose(target.chosen) : 'a part of the backup']]),
        ['There now', holds === undefined ? 'nothing' : `${countsText(holds.counts)}${names}, ${sizeText(holds.bytes)}`],
        ['Mode', modeText(target)],
        ...(target.kept === undefined ? [] : [['Kept as', `${code(target.kept)}, until it is discarded`]]),
    ];
}
function folderFacts({ place, way, kept, brings, holds }) {
    return [
        ['Into', code(place)],
        ['There now', filesText(holds)],
        ['Brings', bringsText(brings)],
        ['How', WAYS[way]],
        ...(kept === undefined ? [] : [['What is lost is kept in', code(kept)]]),
    ];
}
function lossBox(losses, details) {
    if (losses.length === 0)
        return [];
    return markdown_parts_alert('CAUTION', [
        '**This will be lost**, with whatever else was written there since the backup was made:',
        '',
        ...losses.map(({ what, names }) => {
            const shown = details && names.length > 0 ? ` (${names.map(code).join(', ')})` : '';
            return `- ${prose(what)}${shown}`;
        }),
    ]);
}
function howTo({ target, confirm }) {
    return `To carry it out, run the same without the dry run${confirm === undefined ? '' : `, and confirm the ${target.kind} by its name, ${code(confirm)}`}.`;
}

;// CONCATENATED MODULE: ./build/report/markdown-status.js
/** How the backups are doing, for the page that a scheduled check leaves behind. */



function statusMarkdown({ store, time, maxAge, components }) {
    const alarming = components.filter(({ state, overdue }) => overdue || state === 'bad');
    const now = new Date(time);
    return [
        `## ${alarming.length === 0 ? '✅ Backups are in order' : `❌ Backups need attention: ${names(alarming)}`}`,
        ...(maxAge === undefined ? [] : ['', `The last good one may be ${markdown_status_secondsText(maxAge)} old.`]),
        ...components.flatMap(adviceBox),
        ...markdownTable([
            { head: 'Component' },
            { head: 'Last good backup' },
            { head: 'Age', right: true },
            { head: 'Size', right: true },
            { head: 'Backups', right: true },
            { head: 'Stored', right: true },
            { head: 'In 7 days', right: true },
            { head: 'In 30 days', right: true },
        ], components.map(markdown_status_row)),
        `In ${code(store)}.`,
        '',
        ...components.flatMap(component => laterLines(component, now)),
    ];
}
function markdown_status_row(status) {
    const { component, last, state, overdue, backups, stored, grown } = status;
    const mark = overdue || state === 'bad' ? '❌' : state === 'never' ? '–' : '✅';
    return [
        `${mark} ${component}`,
        last === undefined
            ? state === 'never'
                ? 'never backed up'
                : 'none'
            : `${code(last.id)}${last.authenticated ? '' : ' ?'}`,
        last === undefined ? '' : markdown_status_secondsText(last.age),
        last === undefined ? '' : sizeText(last.bytes),
        backups.toLocaleString('en'),
        sizeText(stored),
        sizeText(grown.days7),
        sizeText(grown.days30),
    ];
}
function adviceBox({ component, next }) {
    if (next.length === 0)
        return [];
    return markdown_parts_alert('WARNING', [`**${component}:**`, '', ...next.map(text => `- ${prose(text)}`)]);
}
function laterLines({ component, since, sinceCount }, now) {
    if (since.length === 0)
        return [];
    const more = sinceCount - since.length;
    return [
        `Since the last good backup of ${component}: ${countText(sinceCount, 'record')}.`,
        '',
        ...since.map(record => laterLine(record, now)),
        ...(more > 0 ? [`- … and ${more.toLocaleString('en')} more`] : []),
        '',
    ];
}
function laterLine({ id, time, status, reason }, now) {
    const when = status === 'future' ? 'dated in the future' : `${status}, ${ageText(new Date(time), now)} ago`;
    return `- ${code(id)} ${when}${reason === undefined ? '' : `: ${prose(reason)}`}`;
}
function names(components) {
    return components.map(({ component }) => component).join(', ');
}
function markdown_status_secondsText(seconds) {
    return ageText(new Date(0), new Date(seconds * 1000));
}

;// CONCATENATED MODULE: ./build/report/text-list.js
/** The table of `comeback list`. */


/** Foreign names shown; the rest are counted. */
const text_list_FOREIGN_SHOWN = 5;
function renderList(report, palette, now) {
    const { store, backups, foreign } = report;
    const notes = text_list_foreignLines(foreign, palette);
    if (backups.length === 0)
        return [`No backups in ${store}.`, ...notes];
    const doubtful = backups.some(({ authenticated, status }) => !authenticated && status !== 'damaged' && status !== 'unread');
    const failed = backups.filter(({ status }) => status === 'failed').length;
    const stored = backups.reduce((sum, backup) => sum + backup.stored, 0);
    return [
        ...text_list_table(backups, columns(palette, now), palette),
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
function text_list_table(backups, columns, { dim }) {
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
function text_list_foreignLines(foreign, { yellow }) {
    if (foreign.length === 0)
        return [];
    const more = foreign.length - text_list_FOREIGN_SHOWN;
    return [
        `${yellow('not of a backup')}, left alone: ${foreign.slice(0, text_list_FOREIGN_SHOWN).map(onOneLine).join(', ')}${more > 0 ? `, and ${more} more` : ''}`,
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
        ...text_list_foreignLines(foreign, palette),
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

;// CONCATENATED MODULE: ./build/report/markdown.js
/**
 * A report as Markdown, for GitHub's job summary. Its strings come in scrubbed of secrets; whatever a server, a store or a
 * file's name had a say in is escaped here.
 */










/** One page, below GitHub's limit of 1 MiB. Ends in an empty line, so that another may follow. */
function renderMarkdown(report, options) {
    return joined(linesOf(report, options));
}
/** A run that failed before it had anything to report. */
function markdownError(error) {
    return joined(['## ❌ Comeback failed', ...failureBox('Failed', error)]);
}
function linesOf(report, options) {
    switch (report.command) {
        case 'backup':
            return backupMarkdown(report, options);
        case 'restore':
            return restoreMarkdown(report, options.now);
        case 'discard':
            return [`## ✅ Discarded: ${report.component}`, '', ...report.summary.map(line => `- ${prose(line)}`)];
        case 'restore-plan':
            return restorePlanMarkdown(report, options.details);
        case 'list':
            return listMarkdown(report, options.now);
        case 'export':
            return exportMarkdown(report);
        case 'key':
            return ['## Key', '', `Key id: ${code(report.keyId)}`];
        case 'status':
            return statusMarkdown(report);
        case 'check':
            return checkMarkdown(report);
        case 'prune':
            return pruneMarkdown(report);
        case 'import':
            return [`## Import: ${importSum(report)}`];
        case 'init':
            // Made for a terminal: nobody starts a repository's workflows from a workflow.
            return ['## Init'];
    }
}
/** Bytes. GitHub refuses a whole summary of more than 1 MiB. */
const markdown_LIMIT = 1_000_000;
/** Parts bring their own empty lines; two in a row are one too many. */
function joined(lines) {
    const kept = lines.filter((line, index) => line !== '' || lines[index - 1] !== '');
    let room = markdown_LIMIT;
    const cut = kept.findIndex(line => {
        room -= Buffer.byteLength(line) + 1;
        return room < 0;
    });
    if (cut >= 0)
        kept.splice(cut, Number.POSITIVE_INFINITY, '', 'The rest is too long for this page.');
    return `${kept.join('\n').trimEnd()}\n\n`;
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
        `  ${text_check_amountText(present)}${present.objects === named.objects ? '' : ` of ${named.objects.toLocaleString('en')}`} there with the right size`,
        ...(read.objects === 0 ? [] : [`  ${text_check_amountText(read)} read, with the right SHA-256`]),
        ...(opened === 0
            ? []
            : [`  ${countText(opened, 'object')} decrypted, ${countText(chunks, 'chunk')} with the right content`]),
        ...(placeholders === 0 ? [] : [dim(`  ${countText(placeholders, 'placeholder')} of failed runs`)]),
        ...(orphans.objects === 0 ? [] : [dim(`  harmless: ${text_check_amountText(orphans)} that no backup names`)]),
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
function text_check_amountText({ objects, bytes }) {
    return `${countText(objects, 'object')} (${sizeText(bytes)})`;
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
const WIDTH = 80;
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
        ...text_list_foreignLines(report.foreign, palette),
        ...report.problems.flatMap(problem => problemLines(problem, palette)),
    ];
    if (backups.length === 0 && leftovers.length === 0)
        return [`There is nothing to prune in ${store}.`, ...notes];
    return [
        ...backups.flatMap(backup => backupLines(backup, palette)),
        ...leftovers.flatMap(({ component, id, objects, bytes }) => rowLines('remove', component, id, bytes, `left over: ${countText(objects, 'object')} without a record`, palette)),
        '',
        ...wrapped(`The rule: ${report.policy.join(', ')}.`, WIDTH, 2),
        ...wrapped(sumText(report), WIDTH, 2),
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
    if (widthOf(why) <= WIDTH - REASONS_AT)
        return [`${head}  ${dim(why)}`];
    const margin = ' '.repeat(first + 2);
    return [head.trimEnd(), ...wrapped(why, WIDTH - margin.length, 0).map(line => margin + dim(line))];
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
    const [first = '', ...more] = wrapped(`${label} ${onOneLine(message)}`, WIDTH, 2);
    return [
        style(label) + first.slice(label.length),
        ...more,
        ...(hint === undefined ? [] : wrapped(`  hint: ${onOneLine(hint)}`, WIDTH, 4)),
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
        ...since.flatMap(later => text_status_laterLines(later, palette)),
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
function text_status_laterLines({ id, status, reason }, { red, yellow }) {
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
    return `${text_linesOf(report, rendering).join('\n')}\n`;
}
function text_linesOf(report, { palette, now }) {
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
        `  ${text_footing(outcome.full, outcome.leansOn)}`,
        ...text_problemLines(outcome.problems, palette),
    ];
}
function text_footing(full, leansOn) {
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

;// CONCATENATED MODULE: ./build/action/outputs.js
/** The outputs of the Action: which there are, what each is after a run, and how the runner takes them. */




/** In the order in which action.yml and README show them. Each is empty where it says nothing. */
const OUTPUTS = {
    status: 'How it went: for backup complete, partial (a file changed or vanished while it was read) or failed, the worst of the components; for the other commands ok or failed.',
    'backup-ids': 'The ids of the backups that were made, restored or exported, with commas between them.',
    verdict: 'Of check: failed if it found damage, verified if it read everything, with the key, and found none; could-not-verify if it could not look.',
    'bytes-new': 'Of backup: how many bytes no earlier backup held.',
    'bytes-total': 'How many bytes were read by a backup, or restored.',
    report: 'Path of a file that holds the whole result as JSON, until the job ends.',
};
function outputsOf(report) {
    const status = exitCodeOf(report) === 0 ? 'ok' : 'failed';
    switch (report.command) {
        case 'backup':
            return backupOutputs(report);
        case 'restore':
        case 'restore-plan':
            return { status, 'backup-ids': report.id, 'bytes-total': String(report.bytes) };
        case 'export':
            return { status, 'backup-ids': report.id };
        case 'check':
            return { status, verdict: verdictOf(report) };
        default:
            return { status };
    }
}
/** Of a run that threw. A check that could not run never passes. */
function outputsOfError(error, verb) {
    if (verb !== 'check')
        return { status: 'failed' };
    const found = error.code === 'damaged' || error.code === 'mismatch';
    return { status: 'failed', verdict: found ? 'failed' : 'could-not-verify' };
}
/** Appends to the file that the runner reads when the step ends. Throws if it can't be written. */
function writeOutputs(file, outputs) {
    const blocks = Object.entries(outputs).map(([name, value]) => {
        // Random, so that no value can end itself and begin another output.
        const end = `end_${(0,external_node_crypto_.randomUUID)()}`;
        return `${name}<<${end}\n${value}\n${end}\n`;
    });
    (0,external_node_fs_.appendFileSync)(file, blocks.join(''));
}
/** Looking at names and sizes verifies nothing: of a check that left something out, there is nothing to say. */
function verdictOf(report) {
    if (report.findings.length > 0)
        return 'failed';
    return unchecked(report).length === 0 ? 'verified' : '';
}
function backupOutputs({ backups }) {
    const made = backups.filter(outcome => outcome.status !== 'failed');
    const sum = (sizes) => String(sizes.reduce((total, size) => total + size, 0));
    const statuses = backups.map(({ status }) => status);
    return {
        status: ['failed', 'partial'].find(status => statuses.includes(status)) ?? 'complete',
        'backup-ids': made.map(({ id }) => id).join(','),
        'bytes-new': sum(made.map(({ bytes }) => bytes.new)),
        'bytes-total': sum(made.map(({ bytes }) => bytes.read)),
    };
}

;// CONCATENATED MODULE: ./build/action/summary.js
/** The job summary as a file: what the runner takes, and no more than it takes. */

/** Bytes that GitHub takes of one step; of a longer summary it shows nothing at all. */
const summary_LIMIT = 1024 * 1024;
const CUT_NOTE = '\n\n*The rest was cut: GitHub shows a megabyte of summary at most. The whole result is in the output `report`.*\n';
/** Throws if it can't be written. */
function appendSummary(file, markdown) {
    (0,external_node_fs_.appendFileSync)(file, fitting(markdown));
}
/** The text, or as many whole lines of it as fit together with a note. Ends in a line break. */
function fitting(markdown, limit = summary_LIMIT) {
    const text = markdown.endsWith('\n') ? markdown : `${markdown}\n`;
    const bytes = Buffer.from(text);
    if (bytes.length <= limit)
        return text;
    const room = bytes.subarray(0, limit - Buffer.byteLength(CUT_NOTE));
    return room.subarray(0, room.lastIndexOf('\n')).toString() + CUT_NOTE;
}

;// CONCATENATED MODULE: ./build/action/say.js
/** What is left of a run: the log's last lines, annotations, outputs, the result as JSON and the job summary. */















const say_PLAIN = createPalette(false);
/** Returns the exit code. */
function sayReport(report, speech) {
    const { voice, now, details, log } = speech;
    const readable = voice.readable(report);
    const text = renderReport(readable, { palette: say_PLAIN, now });
    const code = exitCodeOf(report);
    log?.block(text);
    log?.line(`exit code ${code}`);
    voice.log.write(text);
    for (const annotation of reportAnnotations(report))
        voice.annotate(annotation);
    leave(scrubbed(report, voice.scrub), outputsOf(report), () => renderMarkdown(readable, { details, now }), speech);
    return code;
}
/** Returns the exit code. */
function sayError(error, speech) {
    const { voice, debug, verb, log } = speech;
    const known = (0,errors/* asComebackError */.Mx)(error);
    const { code, message, hint, exitCode } = known;
    const value = { code, message, hint };
    const readable = voice.readable(value);
    const causes = printable(voice.scrub(causesOf(error)));
    log?.block(`${renderError(readable, say_PLAIN)}\n${causes}`);
    log?.line(`exit code ${exitCode}`);
    voice.annotate(errorAnnotation(value));
    if (debug)
        voice.log.write(causes);
    leave({ error: scrubbed(value, voice.scrub) }, outputsOfError(known, verb), () => markdownError(readable), speech);
    return exitCode;
}
/** Each on its own: a full disk must cost one of them at most, and never turn a good backup into a failed job. */
function leave(result, outputs, summary, { voice, files }) {
    const attempt = (what, action) => {
        try {
            return action();
        }
        catch (error) {
            const reason = error instanceof Error ? error.message : String(error);
            voice.annotate({ level: 'warning', title: 'Comeback', text: `${what} could not be written: ${reason}` });
            return undefined;
        }
    };
    const report = attempt('The result as JSON', () => writeResult(files.temporary, result));
    const { outputs: outputFile, summary: summaryFile } = files;
    if (outputFile !== undefined) {
        attempt('The outputs', () => writeOutputs(outputFile, { ...outputs, ...(report === undefined ? {} : { report }) }));
    }
    if (summaryFile !== undefined)
        attempt('The job summary', () => appendSummary(summaryFile, inputsInsteadOfFlags(summary())));
}
/** Its path. Readable by its owner alone, as names of tables and files stand in it. */
function writeResult(folder, result) {
    const file = (0,external_node_path_.join)(folder, `comeback-${(0,external_node_crypto_.randomUUID)()}.json`);
    (0,external_node_fs_.writeFileSync)(file, `${JSON.stringify(result, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    return file;
}

;// CONCATENATED MODULE: ./build/action/workflow-commands.js
/** The annotation, which the runner shows in the log, too. Ends in a line break. */
function annotationLine({ level, title, text }) {
    return `::${level} title=${property(title)}::${data(text)}\n`;
}
/** Shown only to who asks the runner for debug logging. Ends in a line break. */
function debugLine(text) {
    return `::debug::${data(text)}\n`;
}
/** Ends in a line break. */
function maskLine(secret) {
    return `::add-mask::${data(secret)}\n`;
}
/**
 * An output for other people's text, such as names of tables and messages of servers: a line of it that looks like a command
 * would be one, and could mask words or set variables.
 */
function withoutCommands(output) {
    return {
        write: text => output.write(text.replace(/^([^\S\n]*):(?=:)/gm, '$1: ').replaceAll('##[', '# #[')),
    };
}
function data(text) {
    return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
function property(text) {
    return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

;// CONCATENATED MODULE: ./build/action/voice.js
/** How the Action speaks to its runner: never with a secret in it, in the words of a workflow, and never so that a text becomes a command. */




function createVoice(stdout, scrub) {
    const lines = withoutCommands(stdout);
    const clean = (text) => printable(scrub(text));
    return {
        scrub,
        log: { write: text => lines.write(inputsInsteadOfFlags(text)) },
        annotate: ({ level, title, text }) => stdout.write(annotationLine({ level, title: onOneLine(scrub(title)), text: inputsInsteadOfFlags(clean(text)) })),
        readable: value => scrubbed(value, clean),
    };
}

;// CONCATENATED MODULE: ./build/action/run.js
/** The Action's edge as a function: the runner's variables in, workflow commands and files out, an exit code back. */


















/** Every failure becomes an annotation and an exit code; nothing is thrown. */
async function run(surroundings) {
    const { environment, cwd, stdout, now = () => new Date() } = surroundings;
    const secrets = secretsOfAction(environment);
    mask(secrets, stdout);
    const speech = (voice) => ({
        voice,
        files: filesOf(environment),
        now: now(),
        details: false,
        // As it is written, until the inputs are understood: a check whose inputs are wrong has not verified anything.
        verb: environment.INPUT_COMMAND?.trim(),
        debug: isSet(environment.COMEBACK_DEBUG) || isSet(environment.RUNNER_DEBUG),
    });
    try {
        const request = parseInputs(environment);
        const key = keyInFile((0,external_node_path_.resolve)(cwd, request.options.keyFile));
        if (key !== undefined)
            mask([key], stdout);
        const voice = createVoice(stdout, scrubber(key === undefined ? secrets : [...secrets, key]));
        const { command, summaryDetails } = request;
        return await perform(request, surroundings, () => ({
            ...speech(voice),
            details: summaryDetails,
            verb: command.verb,
        }));
    }
    catch (error) {
        return sayError(error, speech(createVoice(stdout, scrubber(secrets))));
    }
}
async function perform(request, surroundings, speech) {
    const { command, options } = request;
    const { cwd, environment, stdout, signal, now = () => new Date(), clock = () => performance.now() } = surroundings;
    const { voice } = speech();
    const { scrub } = voice;
    const display = plainDisplay({ output: voice.log, palette: createPalette(false), scrub, now: clock });
    const warn = (text) => voice.annotate({ level: 'warning', title: 'Comeback', text });
    const log = startLog(command, options, { cwd, now, scrub, warn });
    const stopping = () => display.line('Stopping.');
    signal.addEventListener('abort', stopping, { once: true });
    const debug = (text) => {
        if (isSet(environment.RUNNER_DEBUG))
            stdout.write(debugLine(scrub(text)));
    };
    const cache = await restoreCache({ verb: command.verb, options, environment, signal, debug });
    try {
        const report = await withDeadline(options.timeout, signal, limited => surroundings.runJob(command, options, {
            ...contextOf(request, surroundings),
            ...(cache === undefined ? {} : { memory: cache.folder }),
            progress: event => {
                log?.event(event);
                if (isRemark(event))
                    voice.annotate(remarkAnnotation(event));
                else
                    display.report(event);
            },
            signal: limited,
        }));
        return sayReport(report, { ...speech(), log });
    }
    catch (error) {
        return sayError(error, { ...speech(), log });
    }
    finally {
        signal.removeEventListener('abort', stopping);
        log?.close();
        await cache?.save();
    }
}
function contextOf({ key }, { environment, cwd }) {
    return {
        cwd,
        key,
        ci: true,
        environment,
        github: githubContext(environment, runOf(environment)),
        temporary: temporaryOf(environment),
    };
}
/** Only with the token that the runner gives to an Action, and to nothing else, can a program upload artifacts. */
function runOf(environment) {
    const { GITHUB_RUN_ID: id = '', GITHUB_RUN_ATTEMPT: attempt, ACTIONS_RUNTIME_TOKEN: token = '' } = environment;
    if (id === '' || token === '')
        return undefined;
    const days = Number(environment.GITHUB_RETENTION_DAYS);
    return { id, attempt: attempt || '1', retentionDays: Number.isInteger(days) && days > 0 ? days : undefined };
}
function filesOf(environment) {
    return {
        outputs: environment.GITHUB_OUTPUT || undefined,
        summary: environment.GITHUB_STEP_SUMMARY || undefined,
        temporary: temporaryOf(environment),
    };
}
function temporaryOf(environment) {
    return environment.RUNNER_TEMP || (0,external_node_os_.tmpdir)();
}
function mask(secrets, stdout) {
    for (const text of masksFor(secrets))
        stdout.write(maskLine(text));
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

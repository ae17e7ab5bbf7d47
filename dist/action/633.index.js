export const id = 633;
export const ids = [633];
export const modules = {

/***/ 1633:
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

// EXTERNAL MODULE: ./build/report/scrub.js
var report_scrub = __webpack_require__(4580);
;// CONCATENATED MODULE: ./build/report/veil.js
/**
 * Keeps names of tables, roles and hosts out of places that more people read than the log: job summaries, annotations, comments.
 * Names are no secrets, so what does the hiding may miss one that nobody told of; values that open something go through `scrub.ts`.
 */

const COVER = '‹name›';
/** A name as SQL has it, or a word of ours, but not of an option, which is what to do. */
const WORD = /(?<!--(?:[a-z]+-)*)[\p{L}\p{N}_$]+/gu;
const IS_WORD = /^[\p{L}\p{N}_$]+$/u;
/** `schema.name`, quoted or not, after the type of an entry, as pg_dump writes it: whatever it is called. */
const ENTRY = /(?<=\b(?:TABLE|VIEW|SEQUENCE|CONSTRAINT|INDEX|TRIGGER|FUNCTION|POLICY|ROLE|SCHEMA|TYPE|RULE) )(?:[\w$]+|"[^"]*")\.(?:[\w$]+|"[^"]*")/g;
/** They say nothing of anybody, and every text of ours is full of them. */
const ORDINARY = new Set('public postgres template0 template1 plpgsql localhost 127.0.0.1 ::1 database databases files config backup backups table tables row rows schema role roles name names id key keys type value index view time date data size new now not and the of in on to is it by for with from as a an that this was were no one all'.split(' '));
/** Fields of reports that hold sentences, places and names. */
const TOLD = new Set('message hint detail summary place database user chosen kept what names examples entry entries reason subject later madeFrom refusal unmade holds losses problems findings error'.split(' '));
/** Fields in those that are words of ours. */
const OURS = new Set(['code', 'severity', 'outcome', 'sqlState', 'kind', 'mode', 'way', 'name', 'component']);
function createVeil() {
    const words = new Set();
    /** Those with other signs in them are looked for as they are. */
    const others = new Set();
    let used = false;
    const hide = () => {
        used = true;
        return COVER;
    };
    const learn = (names) => {
        for (const name of names) {
            // Signs alone tell nothing, and are everywhere.
            if (!/[\p{L}\p{N}]/u.test(name) || ORDINARY.has(name.toLowerCase()))
                continue;
            if (IS_WORD.test(name))
                words.add(name);
            else
                others.add(name);
        }
    };
    const cover = (text) => {
        let rest = text;
        for (const name of [...others].sort((a, b) => b.length - a.length))
            rest = rest.replaceAll(name, hide);
        return rest.replace(ENTRY, hide).replace(WORD, word => (words.has(word) ? hide() : word));
    };
    const deep = (value, told) => {
        if (typeof value === 'string')
            return told ? cover(value) : value;
        if (Array.isArray(value))
            return value.map(item => deep(item, told));
        if (typeof value !== 'object' || value === null)
            return value;
        return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, deep(field, TOLD.has(name) || (told && !OURS.has(name)))]));
    };
    return {
        learn,
        learnUrl(url) {
            const parsed = URL.parse(url);
            // Whatever wants to connect by it says what is wrong with it.
            if (parsed === null)
                return;
            const { hostname, username, pathname, searchParams } = parsed;
            learn([hostname.replace(/^\[|\]$/g, ''), (0,report_scrub/* decoded */.DH)(username), (0,report_scrub/* decoded */.DH)(pathname.slice(1))]);
            for (const name of ['host', 'hostaddr', 'user', 'dbname'])
                learn(searchParams.getAll(name));
        },
        cover,
        covered: (value) => deep(value, false),
        get used() {
            return used;
        },
    };
}

// EXTERNAL MODULE: ./build/report/quantities.js
var quantities = __webpack_require__(2206);
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
    return new errors/* ComebackError */.U$('timeout', `The run was stopped: --timeout of ${(0,quantities/* durationText */.S5)(timeout / 1000)} was reached.`, {
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

// EXTERNAL MODULE: ./build/report/printable.js
var printable = __webpack_require__(4628);
// EXTERNAL MODULE: ./build/report/proof-words.js
var proof_words = __webpack_require__(1461);
// EXTERNAL MODULE: ./build/report/standing-words.js
var standing_words = __webpack_require__(2763);
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
            if (line !== undefined && (0,printable/* widthOf */.qz)(line) + 1 + (0,printable/* widthOf */.qz)(word) <= width)
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
/** A restore that was only planned, as a person reads it before saying yes. */




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
    const { component, id, status, holds, time, age, bytes, store, target, safety } = report;
    const made = `${(0,quantities/* timeText */.Tc)(time)}, ${secondsText(age)} ago`;
    const facts = [
        `${bold(component)} ${when === 'now' ? 'restore:' : 'restore plan; nothing was changed'}`,
        `  backup  ${id}, ${status === 'partial' ? yellow(status) : status}${holds === undefined ? '' : `, ${yellow(standing_words/* HOLDS_WORDS */.n8[holds])}`}, ${(0,quantities/* sizeText */.lP)(bytes)}`,
        `          made ${made}, in ${store}`,
        ...proofLines(report, palette),
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
/** `verified on 2026-11-22 04:27:00 UTC, restored in 90 s`; undefined where nothing was ever proved. */
function proofText({ id, proof }) {
    if (proof === undefined)
        return undefined;
    const { verdict, time, restoreSeconds } = proof;
    const took = restoreSeconds === undefined ? 'not restored to its end' : `restored in ${(0,quantities/* durationText */.S5)(restoreSeconds)}`;
    if (proof.id !== id)
        return `none of this backup; ${proof.id} was ${took} on ${(0,quantities/* timeText */.Tc)(time)}`;
    return `${proof_words/* VERDICT_WORDS */._G[verdict]} on ${(0,quantities/* timeText */.Tc)(time)}, ${took}`;
}
/** `3 tables, 1 view`. */
function countsText(counts) {
    return Object.entries(counts)
        .map(([kind, number]) => (0,quantities/* countText */.lT)(number, kind))
        .join(', ');
}
/** `100,000 files or more`. */
function filesText({ files, more }) {
    if (files === 0)
        return 'no files';
    return `${(0,quantities/* countText */.lT)(files, 'file')}${more ? ' or more' : ''}`;
}
/** What the backup puts into a folder. */
function bringsText({ files, folders, links, bytes }) {
    const more = [
        ...(folders === 0 ? [] : [(0,quantities/* countText */.lT)(folders, 'folder')]),
        ...(links === 0 ? [] : [(0,quantities/* countText */.lT)(links, 'link')]),
    ];
    return [`${(0,quantities/* countText */.lT)(files, 'file')} (${(0,quantities/* sizeText */.lP)(bytes)})`, ...more].join(', ');
}
function modeText({ mode, tolerates }) {
    if (mode === undefined)
        return 'none that fits';
    if (!tolerates)
        return MODES[mode];
    const how = mode === 'atomic' ? 'atomic: in one transaction' : MODES[mode];
    return `${how}. All rows, or nothing; what else the server refuses is left out and listed`;
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
    return (0,quantities/* ageText */.XG)(new Date(0), new Date(seconds * 1000));
}
function databaseLines(target, plan) {
    const { place, database, user, server, holds, kept, chosen } = target;
    const source = sourceText(target, plan);
    const now = holds === undefined ? 'empty' : `${countsText(holds.counts)}${namesText(holds.examples)}, ${(0,quantities/* sizeText */.lP)(holds.bytes)}`;
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
function proofLines(report, { red }) {
    const text = proofText(report);
    if (text === undefined)
        return [];
    const { id, proof } = report;
    return [`  proof   ${proof?.id === id && proof.verdict === 'failed' ? red(text) : text}`];
}
function safetyLine(safety, { red }) {
    return `  safety  ${safety.wanted ? safetyText(safety) : red(safetyText(safety))}`;
}
/** `a backup of it is made first, in file:./backups (12 MB on its disk)`. */
function safetyText({ wanted, store, bytes }) {
    if (!wanted)
        return 'no backup of it is made first, as was asked for';
    return `a backup of it is made first, in ${store}${bytes === undefined ? '' : ` (it takes ${(0,quantities/* sizeText */.lP)(bytes)} on its disk)`}`;
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
    return restorePlanLines((0,report_scrub/* scrubbed */.fG)((0,report_scrub/* scrubbed */.fG)(plan, scrub), printable/* printable */.g$), palette, 'now');
}
/** Wrapped between words on a terminal, one line elsewhere. */
function remarkText(event, { palette, scrub, output }) {
    const width = output.isTTY ? (output.columns ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
    const clean = (text) => (0,printable/* onOneLine */.GJ)(scrub(text));
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

// EXTERNAL MODULE: external "node:timers/promises"
var promises_ = __webpack_require__(8500);
// EXTERNAL MODULE: ./build/version.js
var version = __webpack_require__(8508);
;// CONCATENATED MODULE: ./build/run/notices.js
/**
 * Tells the outside how a run went: a ping in the manner of healthchecks.io (URL/start, URL, URL/fail), which rings when pings
 * stop, and a webhook that gets JSON. Neither may change how the run ends: whatever goes wrong with them is a warning.
 */




/** Milliseconds for one request, and between two attempts. */
const PATIENCE = 10_000;
const PAUSE = 1_000;
const ATTEMPTS = 3;
/** Statuses that may be others the next time. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Says at once that the run has begun, without keeping it waiting. */
function startNotices({ verb }, { pingUrl, webhook }, context) {
    const { now, scrub, warn, github } = context;
    const started = now();
    const tell = async (what, url, request) => {
        try {
            await post(url, request, context.pause ?? PAUSE);
        }
        catch (error) {
            warn(`${what} could not be reached: ${scrub((0,errors/* asComebackError */.Mx)(error).message)}`);
        }
    };
    const ping = (end, text) => pingUrl === undefined ? undefined : tell('The ping', withEnd(pingUrl, end), { type: 'text/plain', body: text });
    // In its turn: a start that is late must not look like another run.
    const begun = ping('start', `comeback ${verb}`);
    return {
        async ended(ending) {
            const notice = (0,report_scrub/* scrubbed */.fG)(noticeOf(verb, ending, started, now(), github), scrub);
            const { result, exitCode, error } = notice;
            await begun;
            await Promise.all([
                ping(result === 'success' ? '' : 'fail', `comeback ${verb}: exit code ${exitCode}${error === undefined ? '' : `\n${error.message}`}`),
                webhook === undefined
                    ? undefined
                    : tell('The webhook', webhook, { type: 'application/json', body: JSON.stringify(notice) }),
            ]);
        },
    };
}
function noticeOf(command, { exitCode, report, error }, started, ended, { repository, serverUrl, run }) {
    return {
        schema: 1,
        program: `comeback ${version/* VERSION */.x}`,
        command,
        result: exitCode === 0 ? 'success' : 'failure',
        exitCode,
        started: started.toISOString(),
        seconds: (ended.getTime() - started.getTime()) / 1000,
        ...(repository === undefined ? {} : { repository }),
        ...(repository === undefined || run === undefined
            ? {}
            : { run: `${serverUrl}/${repository}/actions/runs/${run.id}` }),
        ...(report === undefined ? { error: errorValueOf(error) } : {}),
        ...(report?.command === 'backup' ? { backups: report.backups.map(backupOf) } : {}),
        ...(report?.command === 'verify' ? { verdict: report.verdict } : {}),
    };
}
function backupOf(outcome) {
    const { component, status } = outcome;
    if (outcome.status === 'failed')
        return { component, status, error: outcome.error };
    return { component, status, id: outcome.id, bytes: outcome.bytes.read };
}
function errorValueOf(error) {
    const { code, message, hint } = (0,errors/* asComebackError */.Mx)(error);
    return { code, message, hint };
}
/** `https://hc-ping.com/UUID/start`; a query stays behind the path. */
function withEnd(url, end) {
    if (end === '' || !URL.canParse(url))
        return url;
    const whole = new URL(url);
    whole.pathname = `${whole.pathname.replace(/\/$/, '')}/${end}`;
    return whole.href;
}
/** Messages name no URL: it is a secret, whoever knows it can silence the alarm. */
async function post(url, { type, body }, pause) {
    if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
        throw new Error('it is no http or https URL.');
    for (let attempt = 1;; attempt++) {
        const failure = await once(url, type, body);
        if (failure === undefined)
            return;
        if (!failure.mayPass || attempt === ATTEMPTS)
            throw new Error(failure.reason);
        await (0,promises_.setTimeout)(pause);
    }
}
/** fetch refuses a URL with a user in it. */
function withoutUser(url) {
    const whole = new URL(url);
    const { username, password } = whole;
    whole.username = '';
    whole.password = '';
    if (username === '' && password === '')
        return { href: whole.href, authorization: {} };
    const pair = Buffer.from(`${(0,report_scrub/* decoded */.DH)(username)}:${(0,report_scrub/* decoded */.DH)(password)}`);
    return { href: whole.href, authorization: { authorization: `Basic ${pair.toString('base64')}` } };
}
async function once(url, type, body) {
    try {
        const { href, authorization } = withoutUser(url);
        const headers = { 'content-type': type, 'user-agent': `comeback/${version/* VERSION */.x}`, ...authorization };
        const signal = AbortSignal.timeout(PATIENCE);
        // What is told is for the place that was named, and for none that it points at.
        const answer = await fetch(href, { method: 'POST', headers, body, redirect: 'manual', signal });
        await answer.body?.cancel();
        if (answer.status >= 300 && answer.status < 400) {
            return { reason: `it points elsewhere (status ${answer.status}), which is not followed.`, mayPass: false };
        }
        if (answer.ok)
            return undefined;
        return { reason: `it answered with status ${answer.status}.`, mayPass: PASSING.has(answer.status) };
    }
    catch (error) {
        const timedOut = error instanceof Error && error.name === 'TimeoutError';
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
        const code = cause !== undefined && 'code' in cause ? ` (${String(cause.code)})` : '';
        return { reason: timedOut ? 'it did not answer.' : `the connection failed${code}.`, mayPass: true };
    }
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
        if (isRemark(event) || event.type === 'names')
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
    const numbers = [ahead ? `${(0,quantities/* sizeText */.lP)(done)} of ${(0,quantities/* sizeText */.lP)(expected)}` : (0,quantities/* sizeText */.lP)(done)];
    if (done === 0 && !ahead)
        return [];
    const rate = rateOf(count, now);
    if (rate !== undefined)
        numbers.push((0,quantities/* rateText */.cf)(rate, 1));
    if (rate !== undefined && rate > 0 && ahead)
        numbers.push(`${(0,quantities/* clockText */.Yi)((expected - done) / rate)} left`);
    // A restore has nothing that could be new.
    if (fresh > 0 || stored > 0)
        numbers.push(`${(0,quantities/* sizeText */.lP)(fresh)} new`);
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
        if (isRemark(event) || event.type === 'done' || event.type === 'plan' || event.type === 'names')
            return;
        const { component } = event;
        const last = spokenAt.get(component) ?? now();
        spokenAt.set(component, last);
        if (event.type === 'phase') {
            const text = (0,printable/* onOneLine */.GJ)(scrub(event.text));
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
// EXTERNAL MODULE: ./build/options.js
var build_options = __webpack_require__(3614);
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
    return [...SECRET_VARIABLES.map(read), ...flagged, ...urls.flatMap(url => (0,report_scrub/* secretsOfUrl */.mE)(url.trim()))].filter(text => text !== '');
}
/** `--github-token=…`. */
function isSecretFlag(argument) {
    return build_options/* OPTION_NAMES */.TM.some(name => build_options/* OPTIONS */.lw[name].secret === 'value' && argument.startsWith(`--${(0,build_options/* kebab */.i9)(name)}=`));
}
function variables(kind) {
    return build_options/* OPTION_NAMES */.TM.filter(name => build_options/* OPTIONS */.lw[name].secret === kind).flatMap(build_options/* variablesOf */.ht);
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

// EXTERNAL MODULE: ./build/make-folder.js
var make_folder = __webpack_require__(2713);
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
    const line = (text) => write(`${now().toISOString()} ${(0,printable/* onOneLine */.GJ)(scrub(text))}\n`);
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
        block: text => write(`\n${(0,printable/* printable */.g$)(scrub(text)).trimEnd()}\n\n`),
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
    return (0,build_options/* optionsOf */.cz)(verb)
        .filter(name => options[name] !== undefined && options[name] !== false && String(options[name]) !== '')
        .map(name => `--${(0,build_options/* kebab */.i9)(name)} ${valueText(name, options[name])}`)
        .join(' ');
}
/** `db.example.com:5432/app` of a URL; nothing of what can't be read as one. */
function placeOf(url) {
    const parsed = URL.parse(url);
    if (parsed === null)
        return '(unreadable)';
    const place = `${parsed.host}${parsed.pathname}`;
    return (0,report_scrub/* secretsOfUrl */.mE)(url).some(secret => place.includes(secret)) ? '(hidden)' : place;
}
function valueText(name, value) {
    if (build_options/* OPTIONS */.lw[name].secret === 'url')
        return placeOf(String(value));
    if (build_options/* OPTIONS */.lw[name].secret === 'value')
        return '(hidden)';
    if (build_options/* OPTIONS */.lw[name].type === 'duration')
        return (0,quantities/* durationText */.S5)(Number(value) / 1000).replaceAll(' ', '');
    if (typeof value !== 'object')
        return String(value);
    const words = Array.isArray(value) ? value : Object.entries(value).map(([name, age]) => `${name}=${age}ms`);
    return words.map(word => JSON.stringify(word)).join(' ');
}
function warningText({ component, message, hint }) {
    return `warning: ${component === undefined ? '' : `${component}: `}${message}${hint === undefined ? '' : ` (${hint})`}`;
}
function create({ directory, verb, now }) {
    const made = (0,make_folder/* makeFolderSync */.E)(directory, 0o700);
    if (made !== undefined)
        (0,external_node_fs_.writeFileSync)((0,external_node_path_.join)(directory, '.gitignore'), '*\n', { mode: 0o600 });
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
    if (!build_options/* OPTIONS */.lw.logDir.verbs.includes(verb))
        return undefined;
    const log = openLog({ directory: (0,external_node_path_.resolve)(cwd, options.logDir), verb, ...how });
    log.line(`comeback ${version/* VERSION */.x}, node ${process.versions.node}, ${process.platform} ${process.arch}`);
    log.line(Object.values(command).flat().join(' '));
    log.line(`options: ${optionsText(verb, options)}`);
    return log;
}

;// CONCATENATED MODULE: ./build/report/unmade-words.js

/** Groups, names of one group, and statements that are shown; `--json` has them all. */
const GROUPS = 20;
const NAMES = 5;
const STATEMENTS = 100;
const OUTCOMES = {
    'left-out': 'Left out',
    'not-valid': 'Holds for new rows alone',
    'not-filled': 'Left without rows',
    changed: 'Made otherwise',
    helped: 'Made with help',
};
/** Whether the target lacks something that the backup has. */
function isShort(unmade = []) {
    return unmade.some(({ outcome }) => outcome !== 'helped');
}
/** `all but 3 objects`; empty where nothing is missing. */
function shortText(unmade = []) {
    const count = unmade.filter(({ outcome }) => outcome !== 'helped').length;
    return count === 0 ? '' : `all but ${(0,quantities/* countText */.lT)(count, 'object')}`;
}
function unmadeTexts(unmade) {
    const groups = [...Map.groupBy(unmade, one => JSON.stringify([one.outcome, one.reason, one.hint])).values()];
    const texts = groups.slice(0, GROUPS).flatMap(group => {
        const [first] = group;
        if (first === undefined)
            return [];
        const names = group.slice(0, NAMES).map(({ entry }) => entry);
        const more = group.length > NAMES ? ` and ${group.length - NAMES} more` : '';
        const severity = first.outcome === 'helped' ? 'warning' : 'partial';
        return [
            {
                severity,
                message: `${OUTCOMES[first.outcome]}: ${names.join(', ')}${more}: ${first.reason}.`,
                hint: first.hint,
            },
        ];
    });
    const more = groups.length - GROUPS;
    return more <= 0
        ? texts
        : [...texts, { severity: 'partial', message: `… and ${more} more reasons; --json has them all.`, hint: undefined }];
}
/** Ready to be run, in the order in which they work; each may have several lines. */
function laterStatements(unmade) {
    const all = unmade.flatMap(({ later }) => later).map(sql => (sql.trimEnd().endsWith(';') ? sql : `${sql};`));
    const more = all.length - STATEMENTS;
    return more <= 0 ? all : [...all.slice(0, STATEMENTS), `-- … and ${more} more statements; --json has them all.`];
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
            return [
                ...report.backups.flatMap(outcome => outcome.status === 'failed'
                    ? [errorAnnotation(outcome.error, outcome.component)]
                    : problemAnnotations(outcome.problems, outcome.component)),
                ...(report.pruned === undefined
                    ? []
                    : report.pruned.command === 'error'
                        ? [errorAnnotation(report.pruned.error)]
                        : annotationsOf(report.pruned)),
            ];
        case 'restore':
            return [
                ...unmadeTexts(report.unmade ?? []).map(({ message, hint }) => annotation('warning', [report.component], message, hint)),
                ...problemAnnotations(report.problems, report.component),
            ];
        case 'restore-plan':
            return planAnnotations(report);
        case 'check':
            return report.findings.map(({ component, code, message, hint }) => annotation('error', [component, code], message, hint));
        case 'prune':
            return report.problems.map(({ severity, message, hint }) => annotation(severity === 'failed' ? 'error' : 'warning', [], message, hint));
        case 'copy':
            return report.backups.flatMap(({ component, error }) => error === undefined ? [] : [errorAnnotation(error, component)]);
        case 'status':
            return [...report.components.flatMap(statusAnnotation), ...quotaAnnotations(report.space)];
        case 'verify':
            return verifyAnnotations(report);
        default:
            return [];
    }
}
function planAnnotations({ target, component }) {
    const refusals = target.refusal === undefined ? [] : [errorAnnotation(target.refusal, component)];
    return [...refusals, ...problemAnnotations(target.problems, component)];
}
/** What only needs to be known is a warning; the rest makes the run fail. */
function verifyAnnotations({ proofs, migration }) {
    const one = (of, { code, subject, message, hint }) => annotation((0,proof_words/* weightOf */.mm)(code) === 'note' ? 'warning' : 'error', [of, code], subject === '' ? message : `${subject}: ${message}`, hint);
    return [
        ...(migration?.findings ?? []).map(finding => one('migration', finding)),
        ...proofs.flatMap(({ component, findings }) => findings.map(finding => one(component, finding))),
    ];
}
/** What is missing from a backup first. */
function problemAnnotations(problems, component) {
    const isMissing = ({ severity }) => severity === 'partial';
    const sorted = [...problems.filter(isMissing), ...problems.filter(problem => !isMissing(problem))];
    return sorted.map(problem => annotation('warning', [component, isMissing(problem) ? 'missing' : undefined], problem.message, problem.hint));
}
function statusAnnotation({ component, state, overdue: late, proofOverdue, last, next, }) {
    const overdue = late || proofOverdue === true;
    if (!overdue && state !== 'bad')
        return [];
    const message = last === undefined ? 'There is no good backup.' : `The last good backup is ${(0,quantities/* durationText */.S5)(last.age)} old.`;
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
function quotaAnnotations({ stored, quota, exceeded, in30Days }) {
    if (quota === undefined)
        return [];
    const hint = 'Prune, keep fewer days, copy old backups into a bucket, or raise the quota.';
    const limit = (0,quantities/* sizeText */.lP)(quota);
    if (exceeded === true)
        return [annotation('error', ['quota'], `${(0,quantities/* sizeText */.lP)(stored)} are stored: the quota is ${limit}.`, hint)];
    if (in30Days?.exceeded === undefined)
        return [];
    const message = `At this pace the store holds more than its quota of ${limit} from ${in30Days.exceeded} on.`;
    return [annotation('warning', ['quota'], message, hint)];
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
// EXTERNAL MODULE: external "node:fs/promises"
var external_node_fs_promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: ./build/format/sizes.js
var sizes = __webpack_require__(7060);
;// CONCATENATED MODULE: ./build/action/cache-blob.js
/**
 * What is remembered of a store, as one piece of bytes:
 *
 *     "comeback memory 1\n"
 *     for each file: length of its name (2 bytes), its name, length of its bytes (4 bytes), its bytes
 *
 * Numbers are big-endian. It comes from where others may write, so it can say nothing but names of files in one folder, and
 * bytes: no paths, no links, no modes. Anything else is refused as a whole, before any of it is used.
 */
const MAGIC = Buffer.from('comeback memory 1\n');
const MOST_FILES = 20_000;
/** Objects of a store, with `~` for the slash. */
const cache_blob_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._~-]{0,254}$/;
function encodeMemory(files) {
    const parts = [MAGIC];
    for (const [name, bytes] of files) {
        const head = Buffer.alloc(2 + name.length + 4);
        head.writeUInt16BE(name.length);
        head.write(name, 2, 'latin1');
        head.writeUInt32BE(bytes.length, 2 + name.length);
        parts.push(head, bytes);
    }
    return Buffer.concat(parts);
}
/** Throws an Error for anything that is not exactly such a piece. */
function decodeMemory(blob) {
    const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
    const files = new Map();
    let at = 0;
    function take(length) {
        if (length > bytes.length - at)
            throw new Error('The entry ends in the middle.');
        at += length;
        return bytes.subarray(at - length, at);
    }
    if (!take(Math.min(MAGIC.length, bytes.length)).equals(MAGIC))
        throw new Error('The entry is not one of Comeback.');
    while (at < bytes.length) {
        const name = take(take(2).readUInt16BE()).toString('latin1');
        if (!cache_blob_NAME.test(name) || files.has(name))
            throw new Error('The entry names what is no file of Comeback.');
        if (files.size === MOST_FILES)
            throw new Error(`The entry holds more than ${MOST_FILES} files.`);
        files.set(name, take(take(4).readUInt32BE()));
    }
    return files;
}

// EXTERNAL MODULE: ./node_modules/valibot/dist/index.mjs
var dist = __webpack_require__(7934);
;// CONCATENATED MODULE: ./build/action/cache-service.js
/**
 * GitHub's cache service, as far as one blob needs it. Its own client packs folders with tar, and unpacks whatever it gets with
 * absolute paths and all, anywhere; any job of the default branch can put such an archive there. Here bytes come and go,
 * and what they are is for us to judge. Nothing is tried twice: a cache is not worth waiting for.
 */

const SERVICE = 'twirp/github.actions.results.api.v1.CacheService';
/** What an entry is found by besides its key; GitHub's client has a hash of the paths there. */
const VERSION = 'comeback-memory-1';
/** From this version on Azure takes blobs of any size of ours in one request. */
const AZURE_VERSION = '2020-04-08';
const FOUND = dist/* object */.Ikc({ ok: dist/* optional */.lqM(dist/* boolean */.zMY()), signed_download_url: dist/* optional */.lqM(dist/* string */.YjP()) });
const CREATED = dist/* object */.Ikc({ ok: dist/* optional */.lqM(dist/* boolean */.zMY()), signed_upload_url: dist/* optional */.lqM(dist/* string */.YjP()) });
const FINISHED = dist/* object */.Ikc({ ok: dist/* optional */.lqM(dist/* boolean */.zMY()) });
/** Undefined where there is no such service. */
function cacheService(environment) {
    const { ACTIONS_RESULTS_URL: url = '', ACTIONS_RUNTIME_TOKEN: token = '', ACTIONS_CACHE_SERVICE_V2: second = '', ACTIONS_CACHE_MODE: mode = '', } = environment;
    if (!URL.canParse(url) || token === '' || second === '')
        return undefined;
    async function call(method, body, schema, signal) {
        const response = await fetch(new URL(`/${SERVICE}/${method}`, url), {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
            body: JSON.stringify({ version: VERSION, ...body }),
            signal,
        });
        checkStatus(method, response);
        return dist/* parse */.qgA(schema, await response.json());
    }
    return {
        async read(prefix, limit, signal) {
            // A run that may not is told so by the runner, and need not ask.
            if (mode === 'none' || mode === 'write-only')
                return undefined;
            const keys = { key: prefix, restore_keys: [prefix] };
            const { ok, signed_download_url: from } = await call('GetCacheEntryDownloadURL', keys, FOUND, signal);
            if (ok !== true || from === undefined)
                return undefined;
            const response = await fetch(from, { signal });
            checkStatus('The download', response);
            return await bounded(response, limit);
        },
        async write(key, bytes, signal) {
            if (mode === 'none' || mode === 'read')
                return false;
            const { ok, signed_upload_url: to } = await call('CreateCacheEntry', { key }, CREATED, signal);
            if (ok !== true || to === undefined)
                return false;
            const response = await fetch(to, {
                method: 'PUT',
                headers: { 'x-ms-blob-type': 'BlockBlob', 'x-ms-version': AZURE_VERSION },
                body: new Uint8Array(bytes),
                signal,
            });
            checkStatus('The upload', response);
            const size = { key, size_bytes: String(bytes.length) };
            return (await call('FinalizeCacheEntryUpload', size, FINISHED, signal)).ok === true;
        },
    };
}
async function bounded({ body }, limit) {
    const parts = [];
    let size = 0;
    for await (const part of body ?? []) {
        size += part.length;
        if (size > limit)
            throw new Error(`The entry has more than ${limit} bytes.`);
        parts.push(part);
    }
    return Buffer.concat(parts);
}
/** The address is a secret, and is not told. */
function checkStatus(what, { ok, status }) {
    if (!ok)
        throw new Error(`${what} was answered with ${status}.`);
}

;// CONCATENATED MODULE: ./build/action/cache.js
/**
 * What is remembered of a store goes from run to run in GitHub's cache, which may lose it at any time. It is never the only
 * copy of anything and nothing waits long for it: whatever goes wrong with it is a line in the debug log.
 *
 * GitHub lets only runs of the same branch, or of the default branch, write what this run reads; code of others may run in
 * those. So what comes is one piece of bytes that is read here (`cache-blob.ts`), nothing is unpacked, and what it says
 * is believed no further than the store itself.
 */







/** Milliseconds for each way. */
const LIMIT = 20_000;
/** Bytes of the folder beyond which it is not worth its way. */
const FOLDER_LIMIT = 128 * sizes/* MiB */.lv;
/** Names and lengths come on top. */
const BLOB_LIMIT = FOLDER_LIMIT + 8 * sizes/* MiB */.lv;
/** `check` and `prune` must see the store itself, a restore reads little, and a list is asked for by a person now and then. */
const VERBS = ['backup', 'status', 'report'];
const REMOTE = /^(artifact:|s3:\/\/)/;
/** Restores what an earlier run has saved. Undefined where there is nothing to gain, or no cache. Never throws. */
async function restoreCache(request) {
    const { verb, options, wanted, environment, signal, debug } = request;
    const { RUNNER_TEMP: temporary = '', ACTIONS_RUNTIME_TOKEN: token = '', GITHUB_RUN_ID: id = '' } = environment;
    if (!wanted || !VERBS.includes(verb) || !REMOTE.test(options.store))
        return undefined;
    if ([temporary, token, id].includes(''))
        return undefined;
    const place = (0,external_node_crypto_.createHash)('sha256')
        .update(JSON.stringify([options.store, options.s3Endpoint ?? '', environment.GITHUB_REPOSITORY ?? '']))
        .digest('hex')
        .slice(0, 16);
    const prefix = `comeback-${place}-`;
    const key = `${prefix}${id}-${environment.GITHUB_RUN_ATTEMPT || '1'}`;
    const folder = (0,external_node_path_.join)(temporary, `comeback-memory-${place}`);
    const service = cacheService(environment);
    const limited = () => AbortSignal.any([signal, AbortSignal.timeout(request.limit ?? LIMIT)]);
    if (service === undefined)
        debug('Cache: There is no cache service.');
    await cache_attempt(debug, async () => {
        const blob = await service?.read(prefix, BLOB_LIMIT, limited());
        if (blob !== undefined)
            await unpack(blob, folder);
        debug(`Cache: ${blob === undefined ? 'Nothing' : `${blob.length} bytes`} came from an earlier run.`);
    });
    const before = await cache_attempt(debug, () => contents(folder));
    return {
        folder,
        async save() {
            await cache_attempt(debug, async () => {
                const after = await contents(folder);
                if (service === undefined || signal.aborted || after === before || after === '')
                    return;
                const saved = await service.write(key, await pack(folder), limited());
                debug(`Cache: ${key} was ${saved ? '' : 'not '}saved.`);
            });
        },
    };
}
async function unpack(blob, folder) {
    const files = decodeMemory(blob);
    await (0,external_node_fs_promises_.mkdir)(folder, { recursive: true, mode: 0o700 });
    for (const [name, bytes] of files) {
        const file = (0,external_node_path_.join)(folder, name);
        // Never through a link that lies there.
        await (0,external_node_fs_promises_.rm)(file, { recursive: true, force: true });
        await (0,external_node_fs_promises_.writeFile)(file, bytes, { mode: 0o600, flag: 'wx' });
    }
}
async function pack(folder) {
    const files = new Map();
    for (const name of await (0,external_node_fs_promises_.readdir)(folder)) {
        const file = (0,external_node_path_.join)(folder, name);
        if ((await (0,external_node_fs_promises_.lstat)(file)).isFile())
            files.set(name, await (0,external_node_fs_promises_.readFile)(file));
    }
    return encodeMemory(files);
}
/** What the folder holds, as a text that changes with it. One that has grown too large begins anew. */
async function contents(folder) {
    const names = await (0,external_node_fs_promises_.readdir)(folder).catch((error) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
            return [];
        throw error;
    });
    let bytes = 0;
    const files = [];
    for (const name of names.sort()) {
        const { size, mtimeMs } = await (0,external_node_fs_promises_.lstat)((0,external_node_path_.join)(folder, name));
        bytes += size;
        files.push(`${name} ${size} ${mtimeMs}`);
    }
    if (bytes <= FOLDER_LIMIT)
        return files.join('\n');
    await (0,external_node_fs_promises_.rm)(folder, { recursive: true, force: true });
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

;// CONCATENATED MODULE: ./build/action/gate-program.js
/**
 * The terminal's program for a later step. That one runs code of others, so it must be no step of an action: the runner puts its own
 * tokens into the environment of every such process, where whatever runs beside it can read them.
 */


/** Writes `comeback`, which runs by the same Node as this process, into the folder. */
function leaveProgram(folder, cwd, program) {
    if (folder === undefined)
        return;
    const cli = (0,external_node_path_.join)((0,external_node_path_.dirname)(program), '..', 'cli', 'index.js');
    const script = `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(cli)} "$@"\n`;
    (0,external_node_fs_.writeFileSync)((0,external_node_path_.join)((0,external_node_path_.resolve)(cwd, folder), 'comeback'), script, { mode: 0o700 });
}
function quoted(path) {
    return `'${path.replaceAll("'", "'\\''")}'`;
}

// EXTERNAL MODULE: external "node:util"
var external_node_util_ = __webpack_require__(7975);
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

// EXTERNAL MODULE: ./build/format/manifest.js
var manifest = __webpack_require__(1469);
;// CONCATENATED MODULE: ./build/option-values.js
/** Values are text everywhere outside (arguments, variables, inputs); here they become `Options`, the same way for all. */



/**
 * What was given (flags or inputs, as text; a flag without a value reads `true`) goes before the environment, and that
 * before the default. What the verb doesn't use keeps its default, so that a variable set for another verb does no harm.
 * An empty variable counts as unset. `spell` is how errors name an option. Throws `usage`.
 */
function resolveOptions(verb, given, environment, spell = build_options/* flag */.Jt) {
    const resolve = (name) => {
        const spec = build_options/* OPTIONS */.lw[name];
        const used = spec.verbs.includes(verb);
        const values = given.get(name);
        if (used && values !== undefined)
            return parse(spec, values, spell(name));
        const variable = (0,build_options/* variablesOf */.ht)(name).find(variable => (environment[variable] ?? '').trim() !== '');
        if (used && variable !== undefined)
            return parse(spec, valuesIn(environment[variable] ?? '', spec), variable);
        if (spec.type === 'list')
            return [];
        if (spec.type === 'flag')
            return false;
        return spec.default === undefined ? undefined : parse(spec, [spec.default], spell(name));
    };
    // `SpecOf` has checked that each spec yields the type that the interface declares.
    const options = Object.fromEntries(build_options/* OPTION_NAMES */.TM.map(name => [name, resolve(name)]));
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
        case 'size': {
            const size = bytesIn(value);
            if (size !== undefined && size > 0)
                return size;
            throw wrong(`${from} cannot be ${shown(value)}.`, spec);
        }
        case 'ages': {
            const ages = agesIn(value, milliseconds(spec.max) ?? 0);
            if (ages !== undefined)
                return ages;
            throw wrong(`${from} cannot be ${shown(value)}.`, spec);
        }
    }
}
/** `26h`, or `database=26h files=8d`, with blanks, commas or line breaks between them. */
function agesIn(text, most) {
    const duration = (word) => {
        const age = milliseconds(word);
        return age !== undefined && age > 0 && age <= most ? age : undefined;
    };
    const words = text.split(/[\s,]+/).filter(word => word !== '');
    const [first = ''] = words;
    if (words.length === 1 && !first.includes('='))
        return duration(first);
    const ages = new Map();
    for (const word of words) {
        const [name, value = '', ...more] = word.split('=');
        const component = manifest/* COMPONENTS */.$j.find(known => known === name);
        const age = duration(value);
        if (component === undefined || age === undefined || more.length > 0 || ages.has(component))
            return undefined;
        ages.set(component, age);
    }
    return Object.fromEntries(ages);
}
/** `500MB`, `2 GB`: powers of 1,000; `10GiB`: of 1,024. Undefined for what is none, or too large to count. */
function bytesIn(text) {
    const [, number, letter = '', binary] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(i?)b$/i.exec(text) ?? [];
    if (number === undefined || (letter === '' && binary !== ''))
        return undefined;
    const bytes = Math.round(Number(number) * (binary === '' ? 1000 : 1024) ** ' kmgt'.indexOf(letter.toLowerCase() || ' '));
    return Number.isSafeInteger(bytes) ? bytes : undefined;
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
        case 'size':
            return 'Write a number and its unit: 500MB, 2GB or 10GiB.';
        case 'ages':
            return `Write a duration such as 26h or 8d, or one for each component: database=26h files=8d; at most ${spec.max}.`;
        case 'list':
            return `Give one or more values: ${spec.placeholder}`;
        case 'string':
            return `Give a value: ${spec.placeholder}`;
    }
}

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
        const takers = build_options/* OPTIONS */.lw[name].verbs;
        if (takers.includes(verb))
            continue;
        const known = verbs.filter(other => takers.includes(other));
        throw usage(`${verb} does not take ${spell(name)}.`, `It belongs to ${known.join(', ')}.${more}`);
    }
}
function request_quoted(word) {
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
    throw usage(`There is no component ${request_quoted(word)}.`, near === undefined ? `The components are: ${manifest/* COMPONENTS */.$j.join(', ')}.` : `Did you mean ${near}?`);
}

;// CONCATENATED MODULE: ./build/action/wording.js
/** Messages and hints speak of flags; in a workflow the same things are inputs, written as YAML writes them. */

const wording_NAMES = new Map(build_options/* OPTION_NAMES */.TM.map(name => [(0,build_options/* flag */.Jt)(name), name]));
/** What may follow a flag as its value: a placeholder in capitals, a number, or one of the choices. */
const VALUE = /^ (?=[A-Z]{2,}\b|\d)/;
/**
 * `--mode atomic` becomes `mode: atomic`, `--full` `full: true`, a flag that is only named its name. What is part of a
 * command for a terminal (`comeback prune --apply`) stays as it is.
 */
function inputsInsteadOfFlags(text) {
    return text.replace(/(?<![\w-])--[a-z][a-z-]*[a-z]/g, (found, at) => {
        const option = wording_NAMES.get(found);
        const inCommand = /\bcomeback [a-z]+[^.;`\n]*$/.test(text.slice(0, at));
        return option === undefined || inCommand ? found : asInput(option, text.slice(at + found.length));
    });
}
function asInput(option, rest) {
    const spec = build_options/* OPTIONS */.lw[option];
    if (spec.type === 'flag')
        return `${(0,build_options/* kebab */.i9)(option)}: true`;
    const chosen = spec.type === 'choice' && spec.choices.some(choice => rest.startsWith(` ${choice}`));
    return chosen || VALUE.test(rest) ? `${(0,build_options/* kebab */.i9)(option)}:` : (0,build_options/* kebab */.i9)(option);
}

;// CONCATENATED MODULE: ./build/action/input-table.js
/**
 * The inputs of the Action: a few of its own, and every option under the name that its flag has. action.yml, the README and
 * the parser come from this table.
 */



/** For a person at a terminal: the old scripts' folder is on their machine, and so is the repository that `init` writes to. */
const ACTION_VERBS = build_options/* VERBS */.hU.filter((verb) => verb !== 'import' && verb !== 'init' && verb !== 'key');
/** What takes the place of a default store on a disk: a runner's disk is gone when the job ends. */
const STANDARD_STORE = 'artifact:';
/** The input whose every value is somebody's secret. */
const CONFIGURATION = 'config-env-values';
/**
 * What runs code of others, which is no business of an action: the runner puts the inputs, the key among them, and tokens of its own
 * into its environment, where whatever it starts can read them.
 */
const OTHERS_CODE = ['migrate', 'gateFrom'];
/** They are about the terminal, about files that are not on a runner, or an input of the Action's own. */
const FLAGS_ONLY = [
    'at',
    'json',
    'quiet',
    'showValues',
    'kdfIterations',
    'legacyKdf',
    ...OTHERS_CODE,
];
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
        verbs: ['restore', 'verify', 'export', 'copy'],
        description: 'Which backup: latest, a day such as 2026-11-23 (UTC, the newest of it), a time such as 2026-11-23T02:00Z (the newest at or before it), or the id of one. Default: latest; for verify with gate-into, the latest that was verified; for copy, all',
    },
    {
        name: 'key',
        verbs: ACTION_VERBS,
        description: 'The key, from a secret. Without it nobody can read the backups. Also from COMEBACK_KEY in the environment.',
    },
];
const OWN_LAST = [
    {
        name: CONFIGURATION,
        verbs: ['backup'],
        description: 'Variables that config-env chooses from, in place of those of the environment: from a secret, in the form of a .env file.',
    },
    {
        name: 'comment',
        verbs: ['verify'],
        description: 'Write the result into a comment of the pull request, one that is kept up to date. Needs the permission pull-requests: write. Default: false',
    },
    {
        name: 'check-run',
        verbs: ['verify'],
        description: 'Write the result into a check of the commit. Needs the permission checks: write. Default: false',
    },
    {
        name: 'results',
        verbs: ['verify'],
        description: 'Prove nothing, and tell what other jobs found: the output result of each, or none where there is none, with blanks between them. Needs neither key nor store.',
    },
    {
        name: 'alarm',
        verbs: ['status'],
        description: 'Open an issue when something is overdue or failed, add to it while that lasts, and close it when all is well. Needs the permission issues: write. Default: false',
    },
    {
        name: 'watch',
        verbs: ['status'],
        description: 'With alarm: file names of workflows, such as backup.yml, to look after: one that GitHub switched off is switched on again. Needs the permission actions: write. One value a line.',
    },
    {
        name: 'cache',
        verbs: ['backup', 'status', 'report'],
        description: "Remember manifests and encrypted indexes in the repository's Actions cache, to save downloads. Everybody whose code runs on the branch or the default branch can write there; nothing of it is believed unchecked. Default: true",
    },
    {
        name: 'summary-details',
        verbs: ACTION_VERBS,
        description: 'Show the names of tables, roles, hosts and files in job summary and annotations, too. Those of a public repository are public, as its logs are, which have the names. Default: false',
    },
];
/** In the order in which action.yml and README show them. */
const INPUTS = [
    ...OWN_FIRST,
    ...build_options/* OPTION_NAMES */.TM.filter(name => !FLAGS_ONLY.includes(name))
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
        name: (0,build_options/* kebab */.i9)(option),
        option,
        verbs: ACTION_VERBS.filter(verb => build_options/* OPTIONS */.lw[option].verbs.includes(verb)),
        description: DESCRIPTIONS[option] ?? describe(option),
        ...(filledIn === undefined ? {} : { filledIn }),
    };
}
function describe(option) {
    const spec = build_options/* OPTIONS */.lw[option];
    const choices = spec.type === 'choice' && !spec.help.includes(spec.choices[0] ?? '') ? spec.choices : [];
    return [
        inputsInsteadOfFlags(spec.help),
        ...(choices.length === 0 ? [] : [`One of: ${choices.join(', ')}.`]),
        ...(spec.type === 'list' ? ['One value a line.'] : []),
        ...(spec.alsoFrom === undefined
            ? []
            : [`Also from ${(0,build_options/* variablesOf */.ht)(option).slice(1).join(' or ')} in the environment.`]),
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
const MIGRATE_ELSEWHERE = 'Code of others would run beside the key: call the workflow verify.yml, or leave the database with gate-into, and run `comeback verify --gate-from` in a step of its own.';
/** What is no input of ours, and what to do instead. */
const ELSEWHERE = {
    json: 'The output report names a file that holds the result as JSON.',
    quiet: 'The log of a step is folded by itself.',
    migrate: MIGRATE_ELSEWHERE,
    'gate-from': MIGRATE_ELSEWHERE,
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
/** From the variables that the runner sets to the command and its options; what can be wrong about them is said here. */







const PREFIX = /^INPUT_/;
/** Inputs of the Action's own, and the command that they belong to. */
const OWNERS = {
    'config-env-values': 'backup',
    comment: 'verify',
    'check-run': 'verify',
    results: 'verify',
    alarm: 'status',
    watch: 'status',
};
const OPTION_BY_NAME = new Map(INPUTS.flatMap(({ name, option }) => (option === undefined ? [] : [[name, option]])));
/** They are to be backed up, and steer nothing: neither this run nor a step after it sees them as variables. */
function configurationIn(text) {
    return text === undefined ? undefined : (0,external_node_util_.parseEnv)(text);
}
/** An empty input counts as not given, as a secret that is not set reads so. Throws `usage`. */
function parseInputs(environment) {
    const given = givenInputs(environment);
    const verb = verbNamed(given.get('command') ?? 'backup');
    const options = optionsGiven(given);
    const at = given.get('at');
    if ((verb === 'verify' || verb === 'copy') && at !== undefined)
        options.set('at', [at]);
    for (const [name, owner] of Object.entries(OWNERS)) {
        if (given.has(name) && verb !== owner)
            throw usage(`${verb} does not take input ${name}.`, `It belongs to ${owner}.`);
    }
    refuseForeignOptions(verb, options.keys(), { verbs: ACTION_VERBS, spell });
    const command = commandOf(verb, given.get('component'), at);
    if (given.has('at') && options.get('undo')?.[0] === 'true') {
        throw usage('undo brings back what the target held before, and does not take input at.', 'Leave one of them out.');
    }
    if (!isSomewhere(options, environment))
        options.set('store', [STANDARD_STORE]);
    const resolved = resolveOptions(verb, options, environment, spell);
    const others = OTHERS_CODE.find(name => resolved[name] !== undefined);
    if (others !== undefined)
        throw usage(`${(0,build_options/* kebab */.i9)(others)} is nothing for a step of an action.`, MIGRATE_ELSEWHERE);
    if (verb === 'export' && resolved.into === undefined) {
        throw usage('export needs a folder to write to.', 'Name it with the input into.');
    }
    if (verb === 'copy' && resolved.to === undefined) {
        throw usage('copy needs to know where to.', 'Name the other store with the input to.');
    }
    if (verb === 'report' && resolved.html === undefined) {
        throw usage('report needs a file to write to.', 'Name it with the input html.');
    }
    return {
        command,
        options: resolved,
        key: given.get('key') ?? environment.COMEBACK_KEY,
        configuration: configurationIn(given.get(CONFIGURATION)),
        summaryDetails: isOn('summary-details', given),
        cache: isOn('cache', given, true),
        comment: isOn('comment', given),
        checkRun: isOn('check-run', given),
        results: wordsOf(given.get('results')),
        alarm: isOn('alarm', given),
        watch: wordsOf(given.get('watch')),
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
    return usage(`There is no input ${request_quoted(name)}.`, advice ?? `The inputs are: ${names.join(', ')}.`);
}
function optionsGiven(given) {
    const options = new Map();
    for (const [name, option] of OPTION_BY_NAME) {
        const text = given.get(name);
        if (text === undefined)
            continue;
        options.set(option, build_options/* OPTIONS */.lw[option].type === 'flag' ? [yesOrNo(name, text)] : valuesIn(text, build_options/* OPTIONS */.lw[option]));
    }
    return options;
}
function isSomewhere(given, environment) {
    return given.has('store') || (0,build_options/* variablesOf */.ht)('store').some(name => (environment[name] ?? '').trim() !== '');
}
function isOn(name, given, standard = false) {
    return yesOrNo(name, given.get(name) ?? String(standard)) === 'true';
}
/** As YAML's core schema spells them. */
function yesOrNo(name, text) {
    if (/^(true|True|TRUE)$/.test(text))
        return 'true';
    if (/^(false|False|FALSE)$/.test(text))
        return 'false';
    throw usage(`input ${name} is true or false, not ${request_quoted(text)}.`, 'Write true or false.');
}
function verbNamed(word) {
    const verb = ACTION_VERBS.find(verb => verb === word);
    if (verb !== undefined)
        return verb;
    if (word === 'init' || word === 'key') {
        throw usage(`The Action has no command ${word}.`, `Run comeback ${word} on your own machine.`);
    }
    const near = nearest(word, ACTION_VERBS);
    throw usage(`There is no command ${request_quoted(word)}.`, near === undefined ? `The commands are: ${ACTION_VERBS.join(', ')}.` : `Did you mean ${near}?`);
}
function commandOf(verb, component, at) {
    switch (verb) {
        case 'restore':
        case 'export':
            return { verb, component: theOne(verb, component), at: at ?? 'latest' };
        case 'verify':
        case 'copy':
            return { verb, components: componentsNamed(wordsOf(component)) };
        default:
            if (at !== undefined)
                throw usage(`${verb} does not take input at.`, 'It belongs to restore, verify, export, copy.');
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
    return `input ${(0,build_options/* kebab */.i9)(option)}`;
}

;// CONCATENATED MODULE: ./build/action/masks.js
/**
 * What the runner must never show. It masks only what it is told of, so this comes before any other output: the key,
 * tokens, database URLs and the passwords in them, each in every spelling in which a library or a server may quote it.
 */






/** Characters. A shorter mask would riddle the whole log with stars, and hide nothing that is hard to guess. */
const SHORTEST = 4;
const VARIABLE = /^INPUT_/;
/** Characters of a value among many, most of which are no secrets: `true`, `production`. */
const SHORTEST_VALUE = 8;
const SECRET_INPUTS = new Set([
    'key',
    CONFIGURATION,
    ...INPUTS.flatMap(({ name, option }) => (option !== undefined && build_options/* OPTIONS */.lw[option].secret === 'value' ? [name] : [])),
]);
/** All secrets in the environment and the inputs, those among them that were given under a wrong name. */
function secretsOfAction(environment) {
    const inputs = Object.entries(environment).flatMap(([variable, value = '']) => {
        if (!VARIABLE.test(variable))
            return [];
        const name = variable.replace(VARIABLE, '').toLowerCase();
        const whole = SECRET_INPUTS.has(renamedInput(name) ?? name) ? [value] : [];
        // Any of them: a URL in the wrong input is as secret as in the right one.
        return [...whole, ...masks_valuesIn(name, value), ...value.split(/\s+/).flatMap(report_scrub/* secretsOfUrl */.mE)];
    });
    return [...secretsGiven([], environment), ...inputs].filter(secret => secret.trim() !== '');
}
function masks_valuesIn(name, text) {
    if (name !== CONFIGURATION)
        return [];
    return Object.values((0,external_node_util_.parseEnv)(text)).filter((value = '') => value.length >= SHORTEST_VALUE);
}
/**
 * One line each, as the runner looks at one line of the log at a time, and would itself cut a mask of several lines into
 * masks of any length.
 */
function masksFor(secrets) {
    const lines = secrets.flatMap(secret => secret.split(/[\r\n]+/)).map(line => line.trim());
    return [...new Set(lines.filter(isLong).flatMap(report_scrub/* spellings */.cl).filter(isLong))];
}
function isLong(text) {
    return text.length >= SHORTEST;
}

// EXTERNAL MODULE: ./build/report/markdown-escape.js
var markdown_escape = __webpack_require__(5456);
;// CONCATENATED MODULE: ./build/report/space-words.js
/** What a forecast says, and what it takes for granted: in the terminal, in a summary, in the alarm. */

function forecastText({ bytes, came }) {
    return `In 30 days the store holds up to ${(0,quantities/* sizeText */.lP)(bytes)}, if as much comes as in the last 30 (${(0,quantities/* sizeText */.lP)(came)}) and retention removes nothing.`;
}

;// CONCATENATED MODULE: ./build/action/alarm-text.js
/** What the alarm's issue says: what is wrong, since when, what to do. */



/** Empty if all is well. */
function troublesOf(report, error) {
    const failed = error === undefined
        ? []
        : [{ key: `error ${error.code}`, text: `The state of the backups could not be read: ${(0,markdown_escape/* prose */.CS)(error.message)}` }];
    if (report === undefined)
        return failed;
    return [...failed, ...report.components.flatMap(troublesOfComponent), ...troublesOfSpace(report.space)];
}
/** The day on which it will be full changes from look to look; the trouble is the same. */
function troublesOfSpace({ stored, quota, exceeded, in30Days }) {
    if (quota === undefined)
        return [];
    const limit = (0,quantities/* sizeText */.lP)(quota);
    if (exceeded === true)
        return [{ key: 'store full', text: `${(0,quantities/* sizeText */.lP)(stored)} are stored: the quota is ${limit}.` }];
    if (in30Days?.exceeded === undefined)
        return [];
    const text = `At this pace the store exceeds its quota of ${limit} on ${in30Days.exceeded}. ${forecastText(in30Days)}`;
    return [{ key: 'store filling', text }];
}
function troublesOfComponent(status) {
    const { component, state, overdue, proofOverdue, last, since, lastProof, lastVerified } = status;
    const troubles = [];
    const add = (what, text) => troubles.push({ key: `${component} ${what}`, text: `**${component}:** ${text}` });
    if (overdue || state === 'bad') {
        add('overdue', last === undefined
            ? 'there is no good backup.'
            : `the last good backup is of ${day(last.time)}, ${(0,markdown_escape/* code */.aY)(last.id)}.`);
    }
    const [newest] = since;
    if (newest?.status === 'failed') {
        add('failed', `the newest run failed${newest.reason === undefined ? '' : ` (${(0,markdown_escape/* code */.aY)(newest.reason)})`}, ${day(newest.time)}.`);
    }
    if (proofOverdue === true) {
        add('unproved', lastVerified === undefined
            ? 'no backup was ever verified.'
            : `the last verified proof is of ${day(lastVerified.time)}.`);
    }
    if (lastProof?.verdict === 'failed')
        add('proof failed', `the last proof FAILED, of ${(0,markdown_escape/* code */.aY)(lastProof.id)}.`);
    return troubles;
}
function workflowTroubles(workflows) {
    return workflows.flatMap(({ file, state, lastScheduled, switchedOn }) => {
        const name = (0,markdown_escape/* code */.aY)(file);
        if (switchedOn) {
            const text = `The workflow ${name} had been switched off by GitHub, as nothing happened in the repository for 60 days. It was switched on again.`;
            return [{ key: `${file} switched on`, text }];
        }
        if (state === 'missing')
            return [{ key: `${file} missing`, text: `There is no workflow ${name}.` }];
        if (state !== 'active')
            return [{ key: `${file} ${state}`, text: `The workflow ${name} is switched off (${(0,markdown_escape/* code */.aY)(state)}).` }];
        if (lastScheduled === undefined)
            return [];
        return lastScheduled.late
            ? [
                {
                    key: `${file} late`,
                    text: `The schedule of ${name} last ran ${day(lastScheduled.time)}: GitHub drops runs when it is busy.`,
                },
            ]
            : [];
    });
}
function alarmTitle(troubles) {
    return troubles.some(({ key }) => /overdue|failed|error|full/.test(key))
        ? 'Backups need attention'
        : 'Backups: something is not as it should be';
}
function alarmBody(troubles, steps, run) {
    return [
        'Comeback looked at the backups of this repository, and not all is well.',
        '',
        ...troubles.map(({ text }) => `- ${text}`),
        ...(steps.length === 0 ? [] : ['', '**What to do**', '', ...steps.map(step => `1. ${(0,markdown_escape/* prose */.CS)(step)}`)]),
        '',
        ...(run === undefined ? [] : [`Seen by [this run](${run}). `]),
        'This issue is kept up to date, and closed when all is well again.',
    ].join('\n');
}
function allClear(run) {
    return `All is well again${run === undefined ? '' : `, says [this run](${run})`}.`;
}
function day(iso) {
    return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

;// CONCATENATED MODULE: ./build/action/github-api.js
/**
 * GitHub's REST API, as far as comments, checks and the alarm need it. A request is made once: what may be tried again is a whole errand,
 * as nobody knows whether a comment was written whose answer was lost.
 */



/** Milliseconds for one request, and between two attempts at an errand. */
const github_api_PATIENCE = 15_000;
const github_api_PAUSE = 2_000;
const github_api_ATTEMPTS = 3;
const PER_PAGE = 100;
/** More than there are comments on any issue that people still read. */
const MOST_PAGES = 100;
/** Seconds that GitHub may ask to wait. */
const LONGEST_WAIT = 30;
const github_api_VERSION = { 'x-github-api-version': '2022-11-28' };
const VIEWER = dist/* object */.Ikc({ viewer: dist/* object */.Ikc({ login: dist/* string */.YjP() }) });
/** The client is loaded late: most runs do without it. */
async function openGitHubApi({ repository, token, apiUrl, signal }) {
    const { getOctokit } = await Promise.all(/* import() */[__webpack_require__.e(665), __webpack_require__.e(351)]).then(__webpack_require__.bind(__webpack_require__, 1351));
    const [owner = '', repo = ''] = repository.split('/');
    // It would write notices of GitHub's to the console.
    const log = { debug: silent, info: silent, warn: silent, error: silent };
    const octokit = getOctokit(token, { baseUrl: apiUrl, userAgent: 'comeback', log });
    const request = () => ({ signal: AbortSignal.any([signal, AbortSignal.timeout(github_api_PATIENCE)]) });
    let asked;
    return {
        async ask(route, values = {}) {
            const answer = await octokit.request(route, { owner, repo, headers: github_api_VERSION, ...values, request: request() });
            return { data: answer.data, more: /rel="next"/.test(answer.headers.link ?? '') };
        },
        whoAmI() {
            // Only GraphQL tells it to the token of a workflow.
            asked ??= octokit.graphql('query{viewer{login}}', { request: request() }).then(data => {
                const known = dist/* safeParse */.xLC(VIEWER, data);
                return known.success ? known.output.viewer.login : undefined;
            }, () => undefined);
            return asked;
        },
    };
}
/** All items of a list, page after page. */
async function* allOf(api, route, values = {}) {
    for (let page = 1; page <= MOST_PAGES; page++) {
        const { data, more } = await api.ask(route, { ...values, per_page: PER_PAGE, page });
        yield* dist/* parse */.qgA(dist/* array */.YOg(dist/* unknown */.L5J()), data);
        if (!more)
            return;
    }
}
/** Again, from its beginning, if it failed for something that may pass. */
async function withPatience(errand, signal, pause = github_api_PAUSE) {
    for (let attempt = 1;; attempt++) {
        try {
            return await errand();
        }
        catch (error) {
            const wait = waitAfter(error, pause);
            if (signal.aborted || wait === undefined || attempt === github_api_ATTEMPTS)
                throw error;
            await (0,promises_.setTimeout)(wait, undefined, { signal });
        }
    }
}
/** The status of an answer; octokit gives 500 to a request that got none. */
function statusOf(error) {
    return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}
/** In words for a person. `what` is what could not be done: `write the comment`; `right` what it takes. */
function explained(error, what, right, fromFork) {
    const status = statusOf(error);
    const message = (error instanceof Error ? error.message : String(error)).replace(/ - https?:\S+$/, '').slice(0, 300);
    if (status === 401) {
        return new errors/* ComebackError */.U$('authentication', `Could not ${what}: GitHub does not accept the token.`, {
            hint: 'Leave the input github-token out, or set it to a token that is valid.',
            cause: error,
        });
    }
    if (status === 403 || status === 404) {
        return new errors/* ComebackError */.U$('permission', `Could not ${what}: the token lacks the right ${right} (${message}).`, {
            hint: fromFork
                ? 'Pull requests from forks and from Dependabot get a token that may only read. The result stands in the summary of the run.'
                : `Write "${right}" under permissions: of the workflow's job.`,
            cause: error,
        });
    }
    return new errors/* ComebackError */.U$('failed', `Could not ${what}: ${message}.`, {
        hint: 'The result stands in the summary of the run.',
        cause: error,
    });
}
/** Milliseconds; undefined if it will not pass, or not soon. */
function waitAfter(error, pause) {
    const status = statusOf(error);
    if (status === undefined)
        return undefined;
    const after = Number(headerOf(error, 'retry-after') ?? Number.NaN);
    if (Number.isFinite(after))
        return after <= LONGEST_WAIT ? after * 1000 : undefined;
    return status >= 500 || status === 408 || status === 429 ? pause : undefined;
}
function headerOf(error, name) {
    if (!(error instanceof Error) || !('response' in error))
        return undefined;
    const { response } = error;
    if (typeof response !== 'object' || response === null || !('headers' in response))
        return undefined;
    const value = response.headers[name];
    return value === undefined || value === null ? undefined : String(value);
}
function silent() { }

;// CONCATENATED MODULE: ./build/action/alarm.js
/**
 * The alarm: one issue on the repository for as long as something is wrong. Opened when that begins, added to when it changes or
 * has lasted another day, closed when all is well. An issue is known by a mark in its text, so that nobody else's is touched.
 */



const LABEL = 'comeback';
const MARK = '<!-- comeback:alarm -->';
/** What was wrong when it was last said, and when that was. */
const STATE = /<!-- comeback:alarm-state (\S+) ([0-9a-f]*) -->/;
const ISSUE = dist/* object */.Ikc({ number: dist/* number */.aig(), body: dist/* nullish */.cl6(dist/* string */.YjP()), pull_request: dist/* optional */.lqM(dist/* unknown */.L5J()) });
/** Milliseconds after which the same trouble is worth another word. */
const AGAIN = 24 * 60 * 60 * 1000;
/** May be repeated after any failure. Throws what `explained` understands. */
async function ring(api, alarm) {
    const { troubles, steps, run, now } = alarm;
    const open = await findIssues(api);
    const [issue, ...others] = open;
    // Two runs at the same time may both have found none.
    for (const other of others)
        await alarm_close(api, other, 'There is another one of these already.');
    if (troubles.length === 0) {
        if (issue === undefined)
            return 'silent';
        await alarm_close(api, issue, allClear(run));
        return 'closed';
    }
    const state = `<!-- comeback:alarm-state ${now.toISOString()} ${digest(troubles)} -->`;
    const body = `${alarmBody(troubles, steps, run)}\n\n${MARK}\n${state}\n`;
    if (issue === undefined) {
        await api.ask('POST /repos/{owner}/{repo}/issues', { title: alarmTitle(troubles), body, labels: [LABEL] });
        return 'opened';
    }
    const [, said = '', what = ''] = STATE.exec(issue.body ?? '') ?? [];
    if (what === digest(troubles) && now.getTime() - Date.parse(said) < AGAIN)
        return 'lasts';
    const values = { issue_number: issue.number };
    await api.ask('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
        ...values,
        body: alarmBody(troubles, steps, run),
    });
    // After the comment: if this fails, one is written too often, not too seldom.
    await api.ask('PATCH /repos/{owner}/{repo}/issues/{issue_number}', { ...values, title: alarmTitle(troubles), body });
    return 'added';
}
/** Oldest first. */
async function findIssues(api) {
    const found = [];
    for await (const item of allOf(api, 'GET /repos/{owner}/{repo}/issues', { state: 'open', labels: LABEL })) {
        const issue = dist/* parse */.qgA(ISSUE, item);
        // A pull request is an issue, too.
        if (issue.pull_request === undefined && issue.body?.includes(MARK))
            found.push(issue);
    }
    return found.sort((a, b) => a.number - b.number);
}
async function alarm_close(api, issue, why) {
    const values = { issue_number: issue.number };
    await api.ask('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', { ...values, body: why });
    await api.ask('PATCH /repos/{owner}/{repo}/issues/{issue_number}', {
        ...values,
        state: 'closed',
        state_reason: 'completed',
    });
}
function digest(troubles) {
    return Buffer.from(troubles
        .map(({ key }) => key)
        .sort()
        .join('\n')).toString('hex');
}

;// CONCATENATED MODULE: ./build/action/watched-workflows.js
/**
 * Whether the workflows that make and prove backups still run by themselves. GitHub switches schedules off after 60 days without
 * activity in a public repository, and drops single runs when it is busy. Switching an active workflow on starts the 60
 * days anew, so each look keeps the next one from being the last.
 */


const WORKFLOW = '/repos/{owner}/{repo}/actions/workflows/{workflow_id}';
/** Runs of which the rhythm is taken. */
const RUNS = 5;
const watched_workflows_STATE = dist/* object */.Ikc({ state: dist/* string */.YjP() });
const LATEST = dist/* object */.Ikc({ workflow_runs: dist/* array */.YOg(dist/* object */.Ikc({ created_at: dist/* string */.YjP() })) });
/** Throws what `explained` understands. */
async function lookAtWorkflow(api, file, now) {
    const values = { workflow_id: file };
    const state = await stateOf(api, values);
    if (state === undefined)
        return { file, state: 'missing', switchedOn: false };
    const isOff = state === 'disabled_inactivity';
    const refused = isOff || state === 'active' ? await enable(api, values) : undefined;
    const switchedOn = isOff && refused === undefined;
    const lastScheduled = await lastRun(api, values, now);
    return {
        file,
        state: switchedOn ? 'active' : state,
        switchedOn,
        ...(refused === undefined ? {} : { refused }),
        ...(lastScheduled === undefined ? {} : { lastScheduled }),
    };
}
async function stateOf(api, values) {
    try {
        return dist/* parse */.qgA(watched_workflows_STATE, (await api.ask(`GET ${WORKFLOW}`, values)).data).state;
    }
    catch (error) {
        if (statusOf(error) === 404)
            return undefined;
        throw error;
    }
}
/** Without the right to write, what there is to see can be told still. */
async function enable(api, values) {
    try {
        await api.ask(`PUT ${WORKFLOW}/enable`, values);
        return undefined;
    }
    catch (error) {
        if (statusOf(error) === 403)
            return error;
        throw error;
    }
}
async function lastRun(api, values, now) {
    const { data } = await api.ask(`GET ${WORKFLOW}/runs`, { ...values, event: 'schedule', per_page: RUNS });
    const times = dist/* parse */.qgA(LATEST, data)
        .workflow_runs.map(run => run.created_at)
        .sort()
        .reverse();
    const [last, ...before] = times;
    if (last === undefined)
        return undefined;
    const gaps = [last, ...before].slice(0, -1).map((time, index) => Date.parse(time) - Date.parse(before[index] ?? time));
    const usual = gaps.length === 0 ? undefined : Math.max(...gaps);
    return { time: last, late: usual !== undefined && now.getTime() - Date.parse(last) > 2 * usual };
}

;// CONCATENATED MODULE: ./build/action/ring-alarm.js




/** Milliseconds for all of it. */
const ring_alarm_PATIENCE = 120_000;
const SAID = {
    silent: 'alarm: all is well, and no issue is open',
    opened: 'alarm: an issue was opened',
    added: 'alarm: the open issue was brought up to date',
    lasts: 'alarm: the open issue says it already',
    closed: 'alarm: all is well, the issue was closed',
};
/** Never rejects. */
async function ringAlarm(request) {
    const { report, error, token, github, now, warn, say, pause } = request;
    const { repository, apiUrl, serverUrl, run } = github;
    if (repository === undefined || token === undefined) {
        warn('The alarm has no repository or no token to write an issue with.');
        return;
    }
    // A run that was cancelled has seen nothing.
    if (request.signal.aborted)
        return;
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(ring_alarm_PATIENCE)]);
    try {
        const api = await openGitHubApi({ apiUrl, repository, token, signal });
        const workflows = await lookAtAll(api, request, signal);
        const troubles = [...troublesOf(report, error), ...workflowTroubles(workflows)];
        const steps = report?.components.flatMap(({ next, overdue, proofOverdue, state }) => overdue || proofOverdue === true || state === 'bad' ? next : []);
        const url = run === undefined ? undefined : `${serverUrl}/${repository}/actions/runs/${run.id}`;
        const hint = error?.hint === undefined ? [] : [error.hint];
        const alarm = { troubles, steps: [...hint, ...(steps ?? [])], run: url, now };
        say(SAID[await withPatience(() => ring(api, alarm), signal, pause)]);
    }
    catch (failure) {
        warn(inWords(explained(failure, 'keep the issue of the alarm', 'issues: write', false)));
    }
}
/** What cannot be looked at is a warning, and the others are looked at. */
async function lookAtAll(api, { watch, now, warn, pause }, signal) {
    const right = 'actions: write';
    const found = [];
    for (const file of watch) {
        try {
            const workflow = await withPatience(() => lookAtWorkflow(api, file, now), signal, pause);
            if (workflow.refused !== undefined)
                warn(inWords(explained(workflow.refused, `keep the workflow ${file} switched on`, right, false)));
            found.push(workflow);
        }
        catch (failure) {
            warn(inWords(explained(failure, `look at the workflow ${file}`, right, false)));
        }
    }
    return found;
}
function inWords({ message, hint }) {
    return hint === undefined ? message : `${message}\n${hint}`;
}

;// CONCATENATED MODULE: ./build/report/exit-code.js


const EXIT_DAMAGE = new errors/* ComebackError */.U$('damaged', 'A check found damage.').exitCode;
/** Something is overdue, or a store refused what it was asked for. */
const EXIT_FAILED = new errors/* ComebackError */.U$('failed', 'Not all is well.').exitCode;
const VERDICT_CODES = {
    verified: 0,
    failed: EXIT_DAMAGE,
    'could-not-verify': new errors/* ComebackError */.U$('could-not-verify', 'A check could not run.').exitCode,
};
/** 0, or the code of the first component that failed, or else `EXIT_PARTIAL` if something is missing from a backup, or from what was restored. */
function exitCodeOf(report) {
    if (report.command === 'verify')
        return VERDICT_CODES[report.verdict];
    if (report.command === 'copy')
        return copyCode(report);
    if (report.command === 'check')
        return report.findings.length > 0 ? EXIT_DAMAGE : 0;
    if (report.command === 'prune')
        return report.problems.some(({ severity }) => severity === 'failed') ? EXIT_FAILED : 0;
    if (report.command === 'status')
        return statusCode(report);
    if (report.command === 'restore-plan')
        return refusalCode(report.target.refusal);
    if (report.command === 'import')
        return importCode(report);
    if (report.command === 'restore')
        return isShort(report.unmade) || lacksRows(report) ? errors/* EXIT_PARTIAL */.d7 : 0;
    if (report.command !== 'backup')
        return 0;
    for (const outcome of report.backups) {
        if (outcome.status === 'failed')
            return new errors/* ComebackError */.U$(outcome.error.code, outcome.error.message).exitCode;
    }
    if (report.backups.some(({ status }) => status === 'partial'))
        return errors/* EXIT_PARTIAL */.d7;
    const { pruned } = report;
    if (pruned === undefined)
        return 0;
    return pruned.command === 'prune' ? exitCodeOf(pruned) : refusalCode(pruned.error);
}
function lacksRows({ problems }) {
    return problems.some(({ severity }) => severity === 'partial');
}
/** A quota that will be exceeded at this pace is told of; one that is, fails. */
function statusCode({ components, space }) {
    const late = components.some(({ overdue, proofOverdue }) => overdue || proofOverdue === true);
    return late || space.exceeded === true ? EXIT_FAILED : 0;
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
/** Of the first that failed. */
function copyCode({ backups }) {
    return refusalCode(backups.find(({ error }) => error !== undefined)?.error);
}
/** A plan that could not be carried out as it was asked for fails as the restore itself would. */
function refusalCode(refusal) {
    return refusal === undefined ? 0 : new errors/* ComebackError */.U$(refusal.code, refusal.message).exitCode;
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
/** `- **Does it restore?** Yes.`, one a line. */
function questions(pairs) {
    return pairs.flatMap(pair => (pair === undefined ? [] : [`- **${pair[0]}** ${pair[1]}`]));
}

;// CONCATENATED MODULE: ./build/report/markdown-chart.js
/** How a component's backups grew, as a chart that GitHub draws. */


const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
/** Nothing where there is only one backup. */
function sizeChart(history) {
    if (history.length < 2)
        return [];
    const { unit, divisor } = sizeSteps(Math.max(...history.flatMap(({ bytes, stored }) => [bytes, stored])));
    const lines = [
        'Bars: what a backup restores to. Line: what it added to the store.',
        '',
        ...xyChart({
            labels: dayLabels(history),
            unit,
            height: 300,
            bars: history.map(({ bytes }) => bytes / divisor),
            line: history.map(({ stored }) => stored / divisor),
        }),
    ];
    return folded(`Sizes of the last ${history.length} backups`, lines, true);
}
/** In which unit sizes up to this one are drawn. */
function sizeSteps(largest) {
    const step = Math.min(Math.max(0, Math.floor(Math.log10(Math.max(1, largest)) / 3)), UNITS.length - 1);
    return { unit: UNITS[step] ?? 'B', divisor: 1000 ** step };
}
/** A fenced block that GitHub draws. */
function xyChart({ labels, unit, height, bars, line = [] }) {
    const rounded = (values) => values.map(value => Number(value.toPrecision(4))).join(', ');
    const top = Number((Math.max(...bars, ...line) * 1.1 || 1).toPrecision(4));
    return (0,markdown_escape/* fenced */.OF)('mermaid', [
        '---',
        'config:',
        '    xyChart:',
        '        width: 900',
        `        height: ${height}`,
        '---',
        'xychart-beta',
        `    x-axis [${labels.map(label => `"${label}"`).join(', ')}]`,
        `    y-axis "${unit}" 0 --> ${top}`,
        `    bar [${rounded(bars)}]`,
        ...(line.length === 0 ? [] : [`    line [${rounded(line)}]`]),
    ]);
}
/** The day of the month, as thirty whole dates have no room beside each other. */
function dayLabels(history) {
    return distinct(history.map(({ time }) => String(new Date(time).getUTCDate())));
}
/** Two equal labels would be one place on the axis, so the later ones get a space of no width behind them. */
function distinct(labels) {
    const seen = new Map();
    return labels.map(label => {
        const before = seen.get(label) ?? 0;
        seen.set(label, before + 1);
        return label + '\u200b'.repeat(before);
    });
}

// EXTERNAL MODULE: ./build/report/fetch-recipe.js
var fetch_recipe = __webpack_require__(510);
;// CONCATENATED MODULE: ./build/report/markdown-decrypt.js
/** How a backup comes back without Comeback: the files out of their store, then the one command that the manifest names. */



function decryptSection(backup, store) {
    return folded('Decrypt it without Comeback', backup.decrypt === undefined ? exported(backup, store) : stock(backup, backup.decrypt, store));
}
function stock(backup, decrypt, store) {
    const endpoint = store.startsWith('s3:')
        ? ["Where the bucket is not Amazon's, add <code>--endpoint-url URL</code> to <code>aws s3 cp</code>.", '']
        : [];
    return [
        `With the key (its id is ${(0,markdown_escape/* code */.aY)(backup.keyId)}) in a file outside of the folder that this makes:`,
        '',
        ...endpoint,
        ...(0,markdown_escape/* fenced */.OF)('sh', (0,fetch_recipe/* fetchRecipe */.D)({ ...backup, store }, decrypt)),
    ];
}
function exported({ component, id, keyId, leansOn }, store) {
    const why = leansOn > 0 ? 'It leans on older backups' : 'Its files are not one plain script';
    const token = store.startsWith('artifact:') ? 'GITHUB_TOKEN=$(gh auth token) ' : '';
    return [
        `${why}, so <code>comeback export</code> makes it stand on its own first, and prints the command that decrypts it. With the key (its id is ${(0,markdown_escape/* code */.aY)(keyId)}) in the file <code>.backup_key</code>:`,
        '',
        ...(0,markdown_escape/* fenced */.OF)('sh', [`${token}comeback export ${component} ${id} --into exported --store ${(0,markdown_escape/* shellWord */.r7)(store)}`]),
    ];
}

;// CONCATENATED MODULE: ./build/report/markdown-problems.js


/** Problems that are shown of one component; the rest are counted. */
const SHOWN = 20;
/** A box: what failed, why, and what to do. `what` is ours: it goes in as it is. */
function failureBox(what, { message, hint, code: kind }) {
    return markdown_parts_alert('CAUTION', [
        `**${what}:** ${(0,markdown_escape/* prose */.CS)(message)}`,
        ...(hint === undefined ? [] : ['', `**What to do:** ${(0,markdown_escape/* prose */.CS)(hint)}`]),
        '',
        `Code: ${(0,markdown_escape/* code */.aY)(kind)}`,
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
            return `- ${label}${(0,markdown_escape/* prose */.CS)(message)}${hint === undefined ? '' : `<br>**What to do:** ${(0,markdown_escape/* prose */.CS)(hint)}`}`;
        }),
        ...(more > 0 ? [`- … and ${more.toLocaleString('en')} more.`] : []),
    ]);
}
function rank({ severity }) {
    return severity === 'partial' ? 0 : 1;
}

;// CONCATENATED MODULE: ./build/report/markdown-prune.js
/** What prune removed, or would remove, and why it keeps the rest. */




function pruneMarkdown(report) {
    const { store, applied, policy, backups, leftovers, kept, removed, problems } = report;
    const failed = problems.some(({ severity }) => severity === 'failed');
    const gone = backups.filter(({ action }) => action !== 'keep');
    const stay = backups.filter(({ action }) => action === 'keep');
    return [
        `## ${failed ? '❌' : '✅'} Prune: ${title(report)}`,
        ...problemBoxes(problems),
        '',
        ...facts([
            ['Store', (0,markdown_escape/* code */.aY)(store)],
            ['Keeps', policy.length === 0 ? 'everything' : policy.map(markdown_escape/* prose */.CS).join('; ')],
            [applied ? 'Removed' : 'Would remove', `${(0,quantities/* countText */.lT)(removed.objects, 'object')}, ${(0,quantities/* sizeText */.lP)(removed.bytes)}`],
            ['Kept', `${(0,quantities/* countText */.lT)(kept.backups, 'backup')}, ${(0,quantities/* sizeText */.lP)(kept.bytes)}`],
            leftovers.length === 0 ? undefined : ['Left over from interrupted runs', (0,quantities/* countText */.lT)(leftovers.length, 'folder')],
        ]),
        ...(gone.length === 0 ? [''] : table(gone, applied ? 'Removed because' : 'Would go because')),
        ...(applied || gone.length === 0
            ? []
            : ['Nothing was changed: this is a plan. <code>--apply</code> carries it out.', '']),
        ...(stay.length === 0 ? [] : folded(`Kept: ${(0,quantities/* countText */.lT)(stay.length, 'backup')}`, table(stay, 'Kept because'))),
    ];
}
function title({ applied, removed }) {
    if (removed.backups === 0 && removed.objects === 0)
        return 'nothing to remove';
    return `${(0,quantities/* countText */.lT)(removed.backups, 'backup')} ${applied ? 'removed' : 'would go'}`;
}
function table(backups, why) {
    return markdownTable([
        { head: 'Component' },
        { head: 'Backup (UTC)' },
        { head: 'Status' },
        { head: 'Frees', right: true },
        { head: why },
    ], backups.map(({ component, id, status, holds, action, frees, outlived, reasons }) => [
        component,
        (0,markdown_escape/* code */.aY)(id),
        `${status}${holds === undefined ? '' : `, ${standing_words/* HOLDS_WORDS */.n8[holds]}`}${action === 'refused' ? ', refused by the store' : ''}`,
        action === 'keep' ? '' : (0,quantities/* sizeText */.lP)(frees.bytes),
        [
            ...reasons.map(markdown_escape/* prose */.CS),
            ...(outlived === 0 ? [] : [`${(0,quantities/* countText */.lT)(outlived, 'object')} stay, as newer backups lean on them`]),
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
    return `- ${(0,markdown_escape/* prose */.CS)(message)}${hint === undefined ? '' : `<br>**What to do:** ${(0,markdown_escape/* prose */.CS)(hint)}`}`;
}

;// CONCATENATED MODULE: ./build/report/markdown-backup.js
/** The summary of a backup run: failures first, then the numbers side by side, then each backup's particulars. */








/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000;
function backupMarkdown({ store, backups, pruned }, { details, now }) {
    const failed = backups.filter(outcome => outcome.status === 'failed');
    const made = backups.filter(outcome => outcome.status !== 'failed');
    return [
        `## ${markdown_backup_title(backups)}`,
        ...failed.flatMap(({ component, error, placeholder }) => [
            ...failureBox(`The backup of ${component} failed`, error),
            ...(placeholder === undefined
                ? []
                : [`What it had stored is kept as placeholder ${(0,markdown_escape/* code */.aY)(placeholder)}; the next backup builds on it.`, '']),
        ]),
        ...(made.length === 0 ? [] : overview(made)),
        `In ${(0,markdown_escape/* code */.aY)(store)}.`,
        '',
        ...made.flatMap(backup => [
            ...(backups.length > 1 ? [`### ${backup.component}`, ''] : []),
            ...particulars(backup, now),
            ...problemBox(backup.problems),
            ...sizeChart(backup.history),
            ...largestSegments(backup, details),
            ...decryptSection(backup, store),
        ]),
        ...(pruned === undefined
            ? []
            : pruned.command === 'error'
                ? failureBox('The backups are made, but pruning failed', pruned.error)
                : pruneMarkdown(pruned)),
    ];
}
function markdown_backup_title(backups) {
    const named = (wanted) => backups
        .filter(({ status }) => status === wanted)
        .map(outcome => `${outcome.component}${lacksText(outcome)}`)
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
    ], made.map(({ component, status, id, bytes, seconds, ...backup }) => [
        `${status === 'complete' ? component : `${component} (${status})`}${lacksText(backup)}`,
        (0,markdown_escape/* code */.aY)(id),
        (0,quantities/* sizeText */.lP)(bytes.read),
        `${(0,quantities/* sizeText */.lP)(bytes.new)} (${markdown_backup_percent(bytes.new, bytes.read)})`,
        (0,quantities/* sizeText */.lP)(bytes.stored),
        (0,quantities/* durationText */.S5)(seconds),
        (0,quantities/* rateText */.cf)(bytes.read, seconds),
    ]));
}
function lacksText(outcome) {
    return 'holds' in outcome && outcome.holds !== undefined ? ` (${standing_words/* HOLDS_WORDS */.n8[outcome.holds]})` : '';
}
function particulars(backup, now) {
    const { expires } = backup;
    return [
        ...facts([
            ['Taken', (0,quantities/* timeText */.Tc)(backup.time)],
            ['Holds', `${(0,quantities/* countText */.lT)(backup.segments, 'segment')} in ${(0,quantities/* countText */.lT)(backup.chunks, 'chunk')}`],
            ['Stands on', footing(backup)],
            expires === undefined
                ? undefined
                : ['Kept until', `${expires.slice(0, 10)} (for ${(0,quantities/* countText */.lT)(daysUntil(expires, now), 'day')})`],
            backup.tool === undefined ? undefined : ['Schema read by', (0,markdown_escape/* code */.aY)(backup.tool)],
            ['Key id', (0,markdown_escape/* code */.aY)(backup.keyId)],
        ]),
        '',
    ];
}
function daysUntil(iso, now) {
    return Math.max(0, Math.round((new Date(iso).getTime() - now.getTime()) / DAY));
}
function footing({ full, leansOn, base }) {
    if (full)
        return 'itself: a full backup';
    if (leansOn === 0)
        return 'itself: it needs no older backup';
    return `${(0,quantities/* countText */.lT)(leansOn, 'older pack')}${base === undefined ? '' : `; compared with ${(0,markdown_escape/* code */.aY)(base)}`}`;
}
/** Summaries of public repositories are public, and so would be the names of tables and files. */
function largestSegments({ largest, bytes }, details) {
    if (largest.length === 0)
        return [];
    return folded(`Largest segments${details ? '' : ', without their names'}`, markdownTable([{ head: details ? 'Segment' : '#' }, { head: 'Size', right: true }, { head: 'Share', right: true }], largest.map((segment, index) => [
        details ? (0,markdown_escape/* code */.aY)(segment.name) : `${index + 1}`,
        (0,quantities/* sizeText */.lP)(segment.bytes),
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
        `## ${findings.length === 0 ? '✅ Check: all is whole' : `❌ Check: ${(0,quantities/* countText */.lT)(findings.length, 'finding')}`}`,
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
            ['Store', (0,markdown_escape/* code */.aY)(store)],
            ['Took', (0,quantities/* durationText */.S5)(seconds)],
            ['Read', percent === 0 ? 'nothing: names and sizes were compared' : `${percent} % of the objects`],
            key ? undefined : ['Key', 'none at hand, so nothing was authenticated or decrypted'],
            foreign === 0 ? undefined : ['Not of a backup', `${(0,quantities/* countText */.lT)(foreign, 'name')}, left alone`],
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
    const ids = hurts.slice(0, HURT_SHOWN).map(markdown_escape/* code */.aY).join(', ');
    const hurt = hurts.length === 0 ? '' : `<br>Hurts ${ids}${more > 0 ? ` and ${more.toLocaleString('en')} more` : ''}.`;
    return `- ${(0,markdown_escape/* prose */.CS)(message)} (${(0,markdown_escape/* code */.aY)(kind)})${hurt}<br>**What to do:** ${(0,markdown_escape/* prose */.CS)(hint)}`;
}
function amountText({ objects, bytes }) {
    return objects === 0 ? '0' : `${objects.toLocaleString('en')} (${(0,quantities/* sizeText */.lP)(bytes)})`;
}

;// CONCATENATED MODULE: ./build/report/text-copy.js


const WORDS = {
    copied: 'copied',
    planned: 'would be copied',
    present: 'there already',
    failed: 'FAILED',
    left: 'not begun',
};
function copyLines(report, palette) {
    const { warnings, from, to } = report;
    return [
        ...report.backups.filter(({ status }) => status !== 'present').flatMap(backup => backupLines(backup, palette)),
        copySum(report),
        ...warnings.map(text => `${palette.yellow('warning:')} ${indented(text)}`),
        palette.dim(`from ${from} to ${to}`),
    ];
}
/** `3 backups copied, 1 there already: 12 objects, 34 MB`. */
function copySum({ backups, objects, bytes }) {
    const parts = Object.entries(WORDS).flatMap(([status, text]) => {
        const count = backups.filter(backup => backup.status === status).length;
        return count === 0 ? [] : [`${(0,quantities/* countText */.lT)(count, 'backup')} ${text}`];
    });
    return `${parts.join(', ')}: ${(0,quantities/* countText */.lT)(objects, 'object')}, ${(0,quantities/* sizeText */.lP)(bytes)}`;
}
function backupLines({ component, id, status, objects, bytes, error }, palette) {
    const { bold, green, red, yellow, dim } = palette;
    const style = { copied: green, planned: dim, present: dim, failed: red, left: yellow }[status];
    const size = objects === 0 ? '' : `, ${(0,quantities/* countText */.lT)(objects, 'object')}, ${(0,quantities/* sizeText */.lP)(bytes)}`;
    return [
        `${bold(component)} ${id} ${style(WORDS[status])}${size}`,
        ...(error === undefined ? [] : [`  ${indented(error.message)}`]),
        ...(error?.hint === undefined ? [] : [`  hint: ${indented(error.hint)}`]),
    ];
}

;// CONCATENATED MODULE: ./build/report/markdown-copy.js




const MARKS = {
    copied: '✅ copied',
    planned: 'planned',
    present: 'there already',
    failed: '❌ failed',
    left: 'not begun',
};
/** A table has room for some: what went wrong, and what was done, come first. */
const ORDER = ['failed', 'copied', 'planned', 'left', 'present'];
function copyMarkdown(report) {
    const { backups, warnings, from, to } = report;
    const failed = backups.some(({ status }) => status === 'failed');
    return [
        `## ${failed ? '❌' : '✅'} ${copySum(report)}`,
        '',
        `From ${(0,markdown_escape/* code */.aY)(from)} to ${(0,markdown_escape/* code */.aY)(to)}.`,
        ...warnings.flatMap(text => markdown_parts_alert('WARNING', [(0,markdown_escape/* prose */.CS)(text)])),
        ...markdownTable([
            { head: 'Status' },
            { head: 'Component' },
            { head: 'Backup (UTC)' },
            { head: 'Copied', right: true },
            { head: 'Why' },
        ], backups
            .toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))
            .map(({ status, component, id, bytes, error }) => [
            MARKS[status],
            component,
            (0,markdown_escape/* code */.aY)(id),
            (0,quantities/* sizeText */.lP)(bytes),
            error === undefined ? '' : (0,markdown_escape/* prose */.CS)(error.message),
        ])),
    ];
}

// EXTERNAL MODULE: ./build/report/history-doubt.js
var history_doubt = __webpack_require__(6844);
;// CONCATENATED MODULE: ./build/report/text-history.js
/** What the page of `report --html` says first, on a terminal: a line for each component. */


const STATE_WORDS = {
    good: 'good',
    late: 'LATE',
    failing: 'LAST RUN FAILED',
    disproved: 'PROOF FAILED',
    none: 'NO GOOD BACKUP',
};
function historyLines({ components, html, store }, palette) {
    const { bold, green, red, yellow, dim } = palette;
    const doubt = (0,history_doubt/* doubtText */.Q)({ components });
    return [
        ...(components.length === 0 ? ['There is no backup yet.'] : []),
        ...components.map(history => {
            const style = history.state === 'good' ? green : red;
            return `${bold(history.component)} ${style(STATE_WORDS[history.state])}, ${historyFacts(history).join(', ')}`;
        }),
        ...(doubt === undefined ? [] : [yellow(doubt)]),
        `Written to ${html}: open it in a browser.`,
        dim(`from ${store}`),
    ];
}
function historyFacts({ backups, lastGood, lastVerified, nextDue }) {
    return [
        (0,quantities/* countText */.lT)(backups.length, 'record'),
        lastGood === undefined ? 'no complete backup' : `last good ${(0,quantities/* timeText */.Tc)(lastGood.time)}`,
        lastVerified?.proof === undefined ? 'never verified' : `last verified ${(0,quantities/* timeText */.Tc)(lastVerified.proof.time)}`,
        ...(nextDue === undefined ? [] : [`next due ${(0,quantities/* timeText */.Tc)(nextDue)}`]),
    ];
}

;// CONCATENATED MODULE: ./build/report/markdown-history.js
/** What the page of `report --html` says first, in a job summary. */





function historyMarkdown({ components, html, store }) {
    const isGood = components.length > 0 && components.every(({ state }) => state === 'good');
    const doubt = (0,history_doubt/* doubtText */.Q)({ components });
    return [
        `## ${isGood && doubt === undefined ? '✅' : '⚠️'} Report of backups`,
        '',
        `The page is in ${(0,markdown_escape/* code */.aY)(html)}, of what ${(0,markdown_escape/* code */.aY)(store)} holds.${doubt === undefined ? '' : ` ${doubt}`}`,
        ...markdownTable([
            { head: 'Component' },
            { head: 'State' },
            { head: 'Last good' },
            { head: 'Last verified' },
            { head: 'Next due' },
        ], components.map(({ component, state, lastGood, lastVerified, nextDue }) => [
            component,
            `${state === 'good' ? '✅' : '❌'} ${STATE_WORDS[state]}`,
            lastGood === undefined ? 'none' : (0,quantities/* timeText */.Tc)(lastGood.time),
            lastVerified?.proof === undefined ? 'never' : (0,quantities/* timeText */.Tc)(lastVerified.proof.time),
            nextDue === undefined ? '' : (0,quantities/* timeText */.Tc)(nextDue),
        ])),
    ];
}

;// CONCATENATED MODULE: ./build/report/markdown-list.js
/** What a store holds, as a table. */




/** Strange names that are shown; the rest are counted. */
const FOREIGN_SHOWN = 5;
function listMarkdown(report, now) {
    const { store, backups, foreign, unauthenticated } = report;
    const failed = backups.filter(({ status }) => status === 'failed').length;
    const stored = backups.reduce((sum, backup) => sum + backup.stored, 0);
    const doubtful = backups.some(({ authenticated, status }) => !authenticated && status !== 'damaged' && status !== 'unread');
    return [
        `## Backups: ${backups.length === 0 ? 'none' : (0,quantities/* countText */.lT)(backups.length - failed, 'backup')}`,
        '',
        `${failed === 0 ? '' : `And ${(0,quantities/* countText */.lT)(failed, 'failed run')}. `}${(0,quantities/* sizeText */.lP)(stored)} stored in ${(0,markdown_escape/* code */.aY)(store)}.`,
        ...(backups.length === 0 ? [''] : markdown_list_table(backups, now)),
        ...(unauthenticated === true && backups.length > 0
            ? [standing_words/* NO_KEY */.SH, '']
            : doubtful
                ? ['? Made with another key than the one at hand, so listed as it claims to be.', '']
                : []),
        ...[...new Set(backups.flatMap(({ discount }) => discount ?? []))].flatMap(discount => [
            `⚠️ ${standing_words/* DISCOUNTS */.XE[discount].word}: it ${standing_words/* DISCOUNTS */.XE[discount].because}, and counts for nothing here.`,
            '',
        ]),
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
function markdown_list_table(backups, now) {
    const proved = backups.some(({ proof }) => proof !== undefined);
    const dropped = backups.some(({ expires }) => expires !== undefined);
    const reasons = backups.some(({ reason }) => reason !== undefined);
    return markdownTable([
        { head: 'Status' },
        { head: 'Component' },
        { head: 'Backup (UTC)' },
        { head: 'Age', right: true },
        { head: 'Size', right: true },
        { head: 'New', right: true },
        { head: 'Stored', right: true },
        { head: 'Kind' },
        ...(proved ? [{ head: 'Proved' }] : []),
        ...(dropped ? [{ head: 'The store keeps it until' }] : []),
        ...(reasons ? [{ head: 'Why' }] : []),
    ], backups.map(backup => {
        const damaged = backup.status === 'damaged';
        const unread = backup.status === 'unread';
        return [
            `${backup.discount === undefined ? STATUS[backup.status] : `⚠️ ${standing_words/* DISCOUNTS */.XE[backup.discount].word}`}${backup.purpose === undefined ? '' : `, ${backup.purpose}`}`,
            backup.component,
            `${(0,markdown_escape/* code */.aY)(backup.id)}${backup.authenticated || damaged || unread ? '' : ' ?'}`,
            (0,quantities/* ageText */.XG)(new Date(backup.time), now),
            damaged || unread ? '' : (0,quantities/* sizeText */.lP)(backup.bytes),
            backup.new === undefined ? '' : (0,quantities/* sizeText */.lP)(backup.new),
            damaged ? '' : (0,quantities/* sizeText */.lP)(backup.stored),
            kindText(backup),
            ...(proved ? [markdown_list_proofText(backup, now)] : []),
            ...(dropped ? [backup.expires?.slice(0, 10) ?? ''] : []),
            ...(reasons ? [backup.reason === undefined ? '' : (0,markdown_escape/* prose */.CS)(backup.reason)] : []),
        ];
    }));
}
function kindText({ full, holds, leansOn }) {
    if (holds !== undefined)
        return standing_words/* HOLDS_WORDS */.n8[holds];
    if (leansOn.length > 0)
        return `leans on ${leansOn.length}`;
    return full === true ? 'full' : '';
}
function markdown_list_proofText({ proof }, now) {
    if (proof === undefined)
        return '';
    const age = `${(0,quantities/* ageText */.XG)(new Date(proof.time), now)} ago`;
    return { verified: `✅ ${age}`, failed: `❌ failed, ${age}`, 'could-not-verify': `⚠️ could not, ${age}` }[proof.verdict];
}
function foreignLines(foreign) {
    if (foreign.length === 0)
        return [];
    const more = foreign.length - FOREIGN_SHOWN;
    const names = foreign.slice(0, FOREIGN_SHOWN).map(markdown_escape/* code */.aY).join(', ');
    return [`Not of a backup, left alone: ${names}${more > 0 ? `, and ${more.toLocaleString('en')} more` : ''}.`, ''];
}

;// CONCATENATED MODULE: ./build/report/markdown-restore.js





function restoreMarkdown(report, now, details) {
    const { component, id, time, bytes, seconds, summary, safety, problems, unmade = [] } = report;
    const short = shortText(unmade);
    const isWhole = problems.length === 0 && unmade.length === 0;
    return [
        `## ${isWhole ? '✅' : '⚠️'} Restored${short === '' ? '' : `, ${short}`}: ${component}`,
        '',
        ...facts([
            ['Backup', (0,markdown_escape/* code */.aY)(id)],
            ['State of', `${(0,markdown_escape/* prose */.CS)((0,quantities/* timeText */.Tc)(time))} (${(0,quantities/* ageText */.XG)(new Date(time), now)} ago)`],
            ['Took', `${(0,quantities/* durationText */.S5)(seconds)} for ${(0,quantities/* sizeText */.lP)(bytes)}, ${(0,quantities/* rateText */.cf)(bytes, seconds)}`],
        ]),
        ...summary.map(line => `- ${(0,markdown_escape/* prose */.CS)(line)}`),
        ...(safety === undefined
            ? []
            : [
                `- What was there before is kept as safety backup ${(0,markdown_escape/* code */.aY)(safety.id)}. To bring it back, with the same options: ${(0,markdown_escape/* code */.aY)(safety.undo)}`,
            ]),
        '',
        ...unmadeSection(unmade, details),
        ...problemBox(problems),
    ];
}
/** Statements show how the database is built. */
function unmadeSection(unmade, details) {
    if (unmade.length === 0)
        return [];
    const statements = details ? laterStatements(unmade).flatMap(sql => sql.split('\n')) : [];
    return [
        ...problemBox(unmadeTexts(unmade)),
        ...(statements.length === 0
            ? []
            : folded('To make it as it was, once the reasons are gone', (0,markdown_escape/* fenced */.OF)('sql', statements))),
    ];
}
function exportMarkdown({ component, id, directory, files, bytes, decrypt }) {
    return [
        `## ✅ Exported: ${component}`,
        '',
        ...facts([
            ['Backup', (0,markdown_escape/* code */.aY)(id)],
            ['Files', `${(0,quantities/* countText */.lT)(files.length, 'file')}, ${(0,quantities/* sizeText */.lP)(bytes)}, in ${(0,markdown_escape/* code */.aY)(directory)}`],
        ]),
        '',
        'To restore it without Comeback, in that folder, with the key in a file outside of it:',
        '',
        ...(0,markdown_escape/* fenced */.OF)('sh', decrypt.split('\n')),
        '',
    ];
}

;// CONCATENATED MODULE: ./build/report/markdown-restore-plan.js
/** The plan of a restore, for whoever has to approve it. */






function restorePlanMarkdown(report, details) {
    const { component, id, status, holds, time, age, bytes, store, target } = report;
    const proof = proofText(report);
    return [
        `## ${target.refusal === undefined ? '📋' : '❌'} Restore plan: ${component}`,
        '',
        'Nothing was changed.',
        ...(target.refusal === undefined ? [] : failureBox('The restore would be refused', target.refusal)),
        '',
        ...facts([
            [
                'Backup',
                `${(0,markdown_escape/* code */.aY)(id)}, ${status}${holds === undefined ? '' : `, ${standing_words/* HOLDS_WORDS */.n8[holds]}`}, ${(0,quantities/* sizeText */.lP)(bytes)}, in ${(0,markdown_escape/* code */.aY)(store)}`,
            ],
            ['State of', `${(0,quantities/* timeText */.Tc)(time)}, ${secondsText(age)} ago`],
            ...(proof === undefined ? [] : [['Proof', proof]]),
            ...(target.kind === 'database' ? databaseFacts(target, report, details) : folderFacts(target)),
            ...(report.safety === undefined ? [] : [['Safety', (0,markdown_escape/* prose */.CS)(safetyText(report.safety))]]),
        ]),
        ...lossBox(target.losses, details),
        ...problemBox(target.problems),
        ...(target.refusal === undefined ? ['', howTo(report), ''] : []),
    ];
}
function databaseFacts(target, report, details) {
    const source = sourceText(target, report);
    const { place, database, user, server, holds } = target;
    const names = details && holds !== undefined ? ` (${holds.examples.map(markdown_escape/* code */.aY).join(', ')})` : '';
    return [
        ['Into', `${(0,markdown_escape/* code */.aY)(place)}, database ${(0,markdown_escape/* code */.aY)(database)}, as ${(0,markdown_escape/* code */.aY)(user)}, ${(0,markdown_escape/* prose */.CS)(server)}`],
        ...(source === undefined ? [] : [['That is', (0,markdown_escape/* prose */.CS)(source)]]),
        ...(target.chosen === undefined
            ? []
            : [['Only', details ? (0,markdown_escape/* prose */.CS)(target.chosen) : 'a part of the backup']]),
        ['There now', holds === undefined ? 'nothing' : `${countsText(holds.counts)}${names}, ${(0,quantities/* sizeText */.lP)(holds.bytes)}`],
        ['Mode', modeText(target)],
        ...(target.kept === undefined ? [] : [['Kept as', `${(0,markdown_escape/* code */.aY)(target.kept)}, until it is discarded`]]),
    ];
}
function folderFacts({ place, way, kept, brings, holds }) {
    return [
        ['Into', (0,markdown_escape/* code */.aY)(place)],
        ['There now', filesText(holds)],
        ['Brings', bringsText(brings)],
        ['How', WAYS[way]],
        ...(kept === undefined ? [] : [['What is lost is kept in', (0,markdown_escape/* code */.aY)(kept)]]),
    ];
}
function lossBox(losses, details) {
    if (losses.length === 0)
        return [];
    return markdown_parts_alert('CAUTION', [
        '**This will be lost**, with whatever else was written there since the backup was made:',
        '',
        ...losses.map(({ what, names }) => {
            const shown = details && names.length > 0 ? ` (${names.map(markdown_escape/* code */.aY).join(', ')})` : '';
            return `- ${(0,markdown_escape/* prose */.CS)(what)}${shown}`;
        }),
    ]);
}
function howTo({ target, confirm }) {
    return `To carry it out, run the same without the dry run${confirm === undefined ? '' : `, and confirm the ${target.kind} by its name, ${(0,markdown_escape/* code */.aY)(confirm)}`}.`;
}

;// CONCATENATED MODULE: ./build/report/markdown-status.js
/** How the backups are doing, for the page that a scheduled check leaves behind. */





function statusMarkdown(report) {
    const { store, time, maxAge, maxProofAge, components, space } = report;
    const alarming = [...names(components.filter(isAlarming)), ...(space.exceeded === true ? ['the quota'] : [])];
    const now = new Date(time);
    return [
        `## ${alarming.length === 0 ? '✅ Backups are in order' : `❌ Backups need attention: ${alarming.join(', ')}`}`,
        ...(maxAge === undefined ? [] : ['', `The last good one may be ${limitText(maxAge)} old.`]),
        ...(maxProofAge === undefined ? [] : ['', `The last verified one may be proved ${limitText(maxProofAge)} ago.`]),
        ...components.flatMap(adviceBox),
        ...markdownTable([
            { head: 'Component' },
            { head: 'Last good backup' },
            { head: 'Age', right: true },
            { head: 'Worst RPO', right: true },
            { head: 'Next due' },
            { head: 'Size', right: true },
            { head: 'Last verified' },
            { head: 'Restore takes (RTO)', right: true },
            { head: 'Backups of any kind', right: true },
            { head: 'Stored', right: true },
            { head: 'In 7 days', right: true },
            { head: 'In 30 days', right: true },
        ], components.map(markdown_status_row)),
        ...spaceLines(space),
        ...(report.unauthenticated === true ? markdown_parts_alert('WARNING', [standing_words/* NO_KEY */.SH]) : []),
        ...(report.left === undefined ? [] : markdown_parts_alert('WARNING', [(0,markdown_escape/* prose */.CS)((0,standing_words/* leftText */.$)(report.left))])),
        `In ${(0,markdown_escape/* code */.aY)(store)}.`,
        '',
        ...components.flatMap(component => laterLines(component, now)),
    ];
}
function markdown_status_row(status) {
    const { component, last, lastVerified, state, backups, stored, grown } = status;
    const mark = isAlarming(status) ? '❌' : state === 'never' ? '–' : '✅';
    return [
        `${mark} ${component}`,
        last === undefined
            ? state === 'never'
                ? 'never backed up'
                : 'none'
            : `${(0,markdown_escape/* code */.aY)(last.id)}${last.authenticated ? '' : ' ?'}${last.holds === undefined ? '' : `, ${standing_words/* HOLDS_WORDS */.n8[last.holds]}`}`,
        last === undefined ? '' : markdown_status_secondsText(last.age),
        status.largestGap === undefined ? '' : markdown_status_secondsText(status.largestGap),
        status.nextDue === undefined ? '' : (0,quantities/* timeText */.Tc)(status.nextDue).replace(/:\d\d UTC$/, ' UTC'),
        last === undefined ? '' : (0,quantities/* sizeText */.lP)(last.bytes),
        lastVerified === undefined ? 'never' : `${markdown_status_secondsText(lastVerified.age)} ago`,
        lastVerified?.restoreSeconds === undefined ? '' : (0,quantities/* durationText */.S5)(lastVerified.restoreSeconds),
        backups.toLocaleString('en'),
        (0,quantities/* sizeText */.lP)(stored),
        (0,quantities/* sizeText */.lP)(grown.days7),
        (0,quantities/* sizeText */.lP)(grown.days30),
    ];
}
function spaceLines({ stored, quota, exceeded, in30Days }) {
    const full = in30Days?.exceeded;
    return [
        ...(exceeded === true && quota !== undefined
            ? markdown_parts_alert('WARNING', [`${(0,quantities/* sizeText */.lP)(stored)} are stored, and the quota is ${(0,quantities/* sizeText */.lP)(quota)}.`])
            : []),
        ...(full !== undefined && quota !== undefined
            ? markdown_parts_alert('WARNING', [`From ${full} on the store holds more than the quota of ${(0,quantities/* sizeText */.lP)(quota)}, at this pace.`])
            : []),
        ...(in30Days === undefined ? [] : [forecastText(in30Days), '']),
    ];
}
function isAlarming({ state, overdue, proofOverdue }) {
    return overdue || proofOverdue === true || state === 'bad';
}
function adviceBox({ component, next }) {
    if (next.length === 0)
        return [];
    return markdown_parts_alert('WARNING', [`**${component}:**`, '', ...next.map(text => `- ${(0,markdown_escape/* prose */.CS)(text)}`)]);
}
function laterLines({ component, since, sinceCount }, now) {
    if (since.length === 0)
        return [];
    const more = sinceCount - since.length;
    return [
        `Since the last good backup of ${component}: ${(0,quantities/* countText */.lT)(sinceCount, 'record')}.`,
        '',
        ...since.map(record => laterLine(record, now)),
        ...(more > 0 ? [`- … and ${more.toLocaleString('en')} more`] : []),
        '',
    ];
}
function laterLine({ id, time, status, reason }, now) {
    const when = status === 'future' ? 'dated in the future' : `${standing_words/* LATER_WORDS */.tF[status]}, ${(0,quantities/* ageText */.XG)(new Date(time), now)} ago`;
    return `- ${(0,markdown_escape/* code */.aY)(id)} ${when}${reason === undefined ? '' : `: ${(0,markdown_escape/* prose */.CS)(reason)}`}`;
}
function names(components) {
    return components.map(({ component }) => component);
}
function limitText(ages) {
    if (typeof ages === 'number')
        return markdown_status_secondsText(ages);
    return Object.entries(ages)
        .map(([component, age]) => `${markdown_status_secondsText(age)} (${component})`)
        .join(', ');
}
function markdown_status_secondsText(seconds) {
    return (0,quantities/* ageText */.XG)(new Date(0), new Date(seconds * 1000));
}

;// CONCATENATED MODULE: ./build/report/markdown-proof-chart.js
/** How long the restores took and how large the backups were, over the last proofs. */


const markdown_proof_chart_SHOWN = 30;
/** With so many, a month and a day have room beside each other. */
const ROOMY = 16;
const MINUTE = 60;
/** Nothing where there is only one proof. */
function proofCharts(history) {
    const points = history.slice(-markdown_proof_chart_SHOWN);
    if (points.length < 2)
        return [];
    // A proof that did not come so far has no time, and a line has no gaps: it is left out there.
    const restored = points.flatMap(({ time, restoreSeconds }) => restoreSeconds === undefined ? [] : [{ time, restoreSeconds }]);
    const slowest = Math.max(0, ...restored.map(({ restoreSeconds }) => restoreSeconds));
    const [unit, divisor] = slowest >= 10 * MINUTE ? ['minutes', MINUTE] : ['seconds', 1];
    const sizes = sizeSteps(Math.max(...points.map(({ bytes }) => bytes)));
    return folded(`The last ${points.length} proofs`, [
        ...(restored.length < 2
            ? []
            : [
                'How long the restore took.',
                '',
                ...xyChart({
                    labels: labelsOf(restored),
                    unit,
                    height: 220,
                    bars: restored.map(({ restoreSeconds }) => restoreSeconds / divisor),
                }),
                '',
            ]),
        'How much came back.',
        '',
        ...xyChart({
            labels: labelsOf(points),
            unit: sizes.unit,
            height: 220,
            bars: points.map(({ bytes }) => bytes / sizes.divisor),
        }),
    ]);
}
function labelsOf(points) {
    return points.length > ROOMY ? dayLabels(points) : distinct(points.map(({ time }) => time.slice(5, 10)));
}

;// CONCATENATED MODULE: ./build/report/markdown-sections.js
/**
 * A page of a limited size. What does not fit is left out as a whole section, never in the middle of one: half a table, a fence or
 * fold that is not closed would spoil what follows. What is left out is named.
 */
/** Bytes for the sentence that says what was left out. */
const RESERVE = 1_500;
const NAMED = 20;
/** Those that fit into so many bytes, in their order. `elsewhere` tells where the rest can be read. */
function fittingSections(sections, limit, elsewhere) {
    let room = limit - RESERVE - sizeOf(sections.filter(({ what }) => what === '').flatMap(({ lines }) => lines));
    const left = [];
    const lines = sections.flatMap(section => {
        if (section.what === '')
            return section.lines;
        const size = sizeOf(section.lines);
        if (size > room) {
            left.push(section.what);
            return [];
        }
        room -= size;
        return section.lines;
    });
    if (left.length === 0)
        return lines;
    const more = left.length - NAMED;
    const names = `${left.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    return [...lines, '', `*Left out, as this page would be too long: ${names}. ${elsewhere}*`, ''];
}
/** As many of the lines, from the first, as fit into so many bytes. At least one. */
function fittingLines(lines, limit) {
    let room = limit;
    const end = lines.findIndex((line, index) => {
        room -= sizeOf([line]);
        return room < 0 && index > 0;
    });
    return end < 0 ? lines : lines.slice(0, end);
}
function sizeOf(lines) {
    return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
}

;// CONCATENATED MODULE: ./build/report/markdown-proof.js







/** Bytes of what always stays, so that three components and a migration fit into one comment. */
const BOX_LIMIT = 5_000;
const STEPS_LIMIT = 3_000;
const CHANGES_LIMIT = 1_500;
/** Columns of a message, an advice and a name there; the whole stands below. */
const MESSAGE = 400;
const markdown_proof_NAME = 60;
const BOX_FINDINGS = 8;
const STEPS = 5;
const CHANGES = 5;
const TABLES = 50;
const FINDINGS = 200;
const RESULT_MARKS = { passed: '✅', failed: '❌', 'not-run': '–' };
const markdown_proof_OUTCOMES = {
    passed: '✅ holds',
    failed: '❌ does not hold',
    error: '– could not be asked',
};
function proofSections(proof, kind, options) {
    const { component, checks, findings, history, assertions } = proof;
    const section = (what, lines) => lines.length === 0 ? [] : [{ what: `${what} of ${component}`, lines }];
    const heading = options.heading ? ['', `### ${component}`, ''] : [];
    if ((0,proof_words/* wasNeverProved */.WD)(proof))
        return { answers: [{ what: '', lines: [...heading, ...neverProved(proof)] }], details: [] };
    return {
        answers: [
            {
                what: '',
                lines: [
                    ...heading,
                    ...(kind === 'recorded' ? recordBox(proof, options.now) : []),
                    ...markdown_proof_findingBox(findings),
                    ...answers(proof, kind, options),
                    ...(proof.recorded
                        ? []
                        : markdown_parts_alert('WARNING', [
                            `**Not recorded:** ${(0,markdown_escape/* prose */.CS)(proof.notRecorded ?? 'the store keeps nothing of this proof.')}`,
                        ])),
                ],
            },
        ],
        details: [
            ...section('the checks', folded(`What was looked at: ${(0,proof_words/* checksLine */.iZ)(checks)}`, checkTable(checks))),
            ...section('the assertions', assertionSection(assertions)),
            ...section('the findings', allFindings(findings)),
            ...section('the chart', proofCharts(history)),
            ...section('the tables', tableSection(proof, options)),
        ],
    };
}
function neverProved({ id, time, findings }) {
    return [
        ...markdown_proof_findingBox(findings),
        `Nothing was restored now, and no proof is recorded. The newest backup is ${(0,markdown_escape/* code */.aY)(id)}, taken ${(0,quantities/* timeText */.Tc)(time)}.`,
        '',
        ...(0,proof_words/* stepsOf */.B_)(findings).map(step => `**What should I do?** ${(0,markdown_escape/* prose */.CS)(step)}`),
        '',
    ];
}
/** Nobody must take a record for a restore. */
function recordBox(proof, now) {
    const { provedAt, authenticated } = proof;
    return markdown_parts_alert(authenticated ? 'NOTE' : 'WARNING', [
        `**Nothing was restored now.** This is the record of the proof of ${(0,quantities/* timeText */.Tc)(provedAt)}, ${(0,quantities/* ageText */.XG)(new Date(provedAt), now)} ago. ${(0,proof_words/* recordNote */.Up)(proof)}`,
    ]);
}
function answers(proof, kind, options) {
    const { id, verdict, checks, age, time, authenticated } = proof;
    const sure = {
        verified: `${authenticated ? '✅ Yes' : 'By the record, yes'}, ${(0,markdown_escape/* code */.aY)(id)} came back`,
        failed: `❌ No, not as it was backed up (${(0,markdown_escape/* code */.aY)(id)})`,
        'could-not-verify': `⚠️ That is not known: ${(0,markdown_escape/* code */.aY)(id)} could not be verified`,
    };
    const older = kind === 'recorded' ? `, ${(0,quantities/* ageText */.XG)(new Date(time), options.now)} by now` : '';
    return [
        '',
        ...questions([
            ['Does it restore?', `${sure[verdict]}: ${(0,proof_words/* checksLine */.iZ)(checks)}.`],
            ['How old is it?', `Taken ${(0,quantities/* timeText */.Tc)(time)}: ${(0,quantities/* durationText */.S5)(age)} old when it was proved${older}.`],
            ['How long would it take?', howLong(proof)],
            ['What changed?', whatChanged(proof, options.details)],
            ['What should I do?', whatToDo(proof)],
        ]),
        '',
    ];
}
function howLong({ restoreSeconds, compareSeconds, bytes, history, server }) {
    const where = server === undefined ? '' : `, on ${(0,markdown_escape/* prose */.CS)(server)}`;
    if (restoreSeconds === undefined)
        return `Not known: the restore did not come to its end${where}.`;
    const before = history.at(-2)?.restoreSeconds;
    const parts = [
        `**${(0,quantities/* durationText */.S5)(restoreSeconds)}** for ${(0,quantities/* sizeText */.lP)(bytes)} (${(0,quantities/* rateText */.cf)(bytes, restoreSeconds)})${where}`,
        ...(before === undefined ? [] : [`${(0,quantities/* durationText */.S5)(before)} the time before`]),
        ...(compareSeconds === undefined ? [] : [`the comparison took ${(0,quantities/* durationText */.S5)(compareSeconds)}`]),
    ];
    return `${parts.join('; ')}.`;
}
function whatChanged(proof, details) {
    const { history, bytes, tables } = proof;
    const before = history.at(-2);
    if (history.length === 0)
        return 'Not known: nothing was restored.';
    if (before === undefined)
        return 'This is the first proof: there is nothing to compare it with.';
    const size = (0,quantities/* sizeText */.lP)(before.bytes) === (0,quantities/* sizeText */.lP)(bytes)
        ? `${(0,quantities/* sizeText */.lP)(bytes)}, as in the proof of ${before.time.slice(0, 10)}`
        : `${(0,quantities/* sizeText */.lP)(before.bytes)} → ${(0,quantities/* sizeText */.lP)(bytes)} since the proof of ${before.time.slice(0, 10)}`;
    const changed = (0,proof_words/* changedTables */.iz)(proof);
    if (tables === undefined || !(0,proof_words/* isCompared */.uQ)(proof))
        return `${size}.`;
    if (changed.length === 0)
        return `${size}; every table has as many rows as before.`;
    const halved = changed.filter(table => table.halved);
    const warning = halved.length === 0 ? '' : `; ⚠️ **half of the rows or more are gone from ${(0,quantities/* countText */.lT)(halved.length, 'table')}**`;
    const named = changed.filter(({ rows, before }) => rows < before).slice(0, CHANGES);
    const list = fittingLines(named.map(table => `<br>${table.halved ? '⚠️ ' : ''}${(0,markdown_escape/* code */.aY)((0,printable/* fitted */.$5)(table.name, markdown_proof_NAME))} ${(0,proof_words/* changeText */.k0)(table)}`), CHANGES_LIMIT);
    return `${size}; ${(0,quantities/* countText */.lT)(changed.length, 'table')} with another number of rows${warning}.${details ? list.join('') : ''}`;
}
function whatToDo({ findings, verdict }) {
    const steps = (0,proof_words/* stepsOf */.B_)(findings);
    if (steps.length === 0)
        return verdict === 'verified' ? 'Nothing.' : 'See what was found.';
    const lines = fittingLines(steps.slice(0, STEPS).map(step => `\n    - ${(0,markdown_escape/* prose */.CS)((0,printable/* fitted */.$5)(step, MESSAGE))}`), STEPS_LIMIT);
    const more = steps.length - lines.length;
    return `${lines.join('')}${more > 0 ? `\n    - … and ${more.toLocaleString('en')} more, with the findings` : ''}`;
}
function markdown_proof_findingBox(findings) {
    if (findings.length === 0)
        return [];
    const weights = findings.map(({ code }) => (0,proof_words/* weightOf */.mm)(code));
    const kind = weights.includes('failed') ? 'CAUTION' : weights.includes('could-not-verify') ? 'WARNING' : 'NOTE';
    const lines = fittingLines(findings
        .slice(0, BOX_FINDINGS)
        .map(finding => findingText({ ...finding, message: (0,printable/* fitted */.$5)(finding.message, MESSAGE) })), BOX_LIMIT);
    const more = findings.length - lines.length;
    return markdown_parts_alert(kind, [...lines, ...(more > 0 ? [`- … and ${more.toLocaleString('en')} more, below.`] : [])]);
}
function findingText({ code: kind, subject, message }) {
    return `- **${kind}** ${subject === '' ? '' : `${(0,markdown_escape/* code */.aY)(subject)}: `}${(0,markdown_escape/* prose */.CS)(message)}`;
}
function checkTable(checks) {
    const before = (place) => checks.slice(0, place).filter(({ result }) => result === 'not-run');
    return markdownTable([{ head: 'Check' }, { head: 'Result' }, { head: 'What' }], checks.map(({ name, result, detail }, place) => [
        name,
        `${RESULT_MARKS[result]} ${result === 'not-run' ? 'not run' : result}`,
        result === 'not-run' && before(place).some(check => check.detail === detail) ? 'as above' : (0,markdown_escape/* prose */.CS)(detail),
    ]));
}
function assertionSection(outcomes) {
    if (outcomes.length === 0)
        return [];
    const passed = outcomes.filter(({ result }) => result === 'passed').length;
    const number = (value) => (value === undefined ? '' : value.toLocaleString('en'));
    return folded(`Assertions: ${passed} of ${outcomes.length} hold`, markdownTable([{ head: 'Assertion' }, { head: 'Result' }, { head: 'Value', right: true }, { head: 'Before', right: true }], outcomes.map(({ name, result, value, before }) => [(0,markdown_escape/* code */.aY)(name), markdown_proof_OUTCOMES[result], number(value), number(before)])), passed < outcomes.length);
}
/** Whole, each with its advice; nothing where one can see that from the box and the steps. */
function allFindings(findings) {
    if (findings.length < 2)
        return [];
    const more = findings.length - FINDINGS;
    return folded((0,quantities/* countText */.lT)(findings.length, 'finding'), [
        ...findings.slice(0, FINDINGS).map(finding => {
            const { hint } = finding;
            return `${findingText(finding)}${hint === undefined ? '' : `<br>**What to do:** ${(0,markdown_escape/* prose */.CS)(hint)}`}`;
        }),
        ...(more > 0 ? [`- … and ${more.toLocaleString('en')} more.`] : []),
    ]);
}
/** The largest. Summaries of public repositories are public, and so would be the names of tables. */
function tableSection(proof, { details }) {
    const { tables = [] } = proof;
    if (tables.length === 0)
        return [];
    const compared = (0,proof_words/* isCompared */.uQ)(proof);
    const shown = tables.slice(0, TABLES);
    const rest = tables.slice(TABLES);
    const sum = (pick, of) => of.reduce((total, table) => total + table[pick], 0);
    const title = `${(0,quantities/* countText */.lT)(tables.length, 'table')}, ${(0,quantities/* countText */.lT)(sum('rows', tables), 'row')}, ${(0,quantities/* sizeText */.lP)(sum('bytes', tables))}`;
    return folded(`${title}${details ? '' : ', without their names'}`, [
        ...markdownTable([
            { head: details ? 'Table' : '#' },
            { head: 'Rows', right: true },
            ...(compared ? [{ head: 'Before', right: true }] : []),
            { head: 'Size', right: true },
        ], shown.map(({ name, rows, before, bytes }, index) => [
            details ? (0,markdown_escape/* code */.aY)(name) : `${index + 1}`,
            `${before !== undefined && rows * 2 <= before && before > 0 ? '⚠️ ' : ''}${rows.toLocaleString('en')}`,
            ...(compared ? [before === undefined ? '' : before.toLocaleString('en')] : []),
            (0,quantities/* sizeText */.lP)(bytes),
        ])),
        ...(rest.length === 0
            ? []
            : [
                `… and ${(0,quantities/* countText */.lT)(rest.length, 'smaller table')} with ${(0,quantities/* countText */.lT)(sum('rows', rest), 'row')}, ${(0,quantities/* sizeText */.lP)(sum('bytes', rest))}.`,
            ]),
    ]);
}

;// CONCATENATED MODULE: ./build/report/markdown-migration.js







/** Columns of one line, and bytes, of a statement or message; it may be a file of a megabyte. */
const LINE = 400;
const BLOCK_LIMIT = 4_000;
/** Bytes of the diff. */
const DIFF_LIMIT = { brief: 20_000, whole: 300_000 };
const markdown_migration_STEPS = 5;
const LOCK_MARKS = {
    'reads and writes': '🛑',
    writes: '⚠️',
    'schema changes': '',
};
const markdown_migration_MARKS = { succeeded: '✅', failed: '❌', 'could-not-run': '⚠️' };
function migrationSections(migration, { brief }) {
    const { findings, slow, locks, needed, interval, tables, assertions } = migration;
    const section = (what, lines) => lines.length === 0 ? [] : [{ what, lines }];
    return {
        answers: [
            {
                what: '',
                lines: ['', '### Migration', '', ...markdown_proof_findingBox(findings), ...serverError(migration), ...markdown_migration_answers(migration)],
            },
        ],
        details: [
            ...section('the assertions after the migration', assertionSection(assertions)),
            ...section('the slow statements', markdown_migration_table(`${(0,quantities/* countText */.lT)(slow.length, 'statement')} of a second or more`, SLOW, slow.map(slowRow))),
            ...section('the locks', [
                ...markdown_migration_table(`Locks, looked at every ${(0,quantities/* durationText */.S5)(interval)}: shorter ones may be missing`, LOCKS, [
                    ...locks.map(lockRow),
                    ...needed.map(neededRow),
                ]),
            ]),
            ...section('the changed tables', markdown_migration_table(`${(0,quantities/* countText */.lT)(tables.length, 'table')} with other rows or another size`, markdown_migration_TABLES, tables.map(tableRow))),
            ...section('the changes of the schema', schemaDiff(migration, DIFF_LIMIT[brief ? 'brief' : 'whole'])),
        ],
    };
}
function markdown_migration_answers(migration) {
    const { command, result, seconds, statements, backup, exitCode, locks, schemaDiff, tables, findings } = migration;
    const end = exitCode === null ? 'ended by a signal' : `exit code ${exitCode}`;
    const blocking = locks.filter(({ blocks }) => blocks !== 'schema changes');
    const longest = blocking[0];
    const steps = (0,proof_words/* stepsOf */.B_)(findings).slice(0, markdown_migration_STEPS);
    return [
        '',
        ...questions([
            [
                'Does it run?',
                `${markdown_migration_MARKS[result]} It ${proof_words/* MIGRATION_WORDS */.F4[result]} against ${(0,markdown_escape/* code */.aY)(backup)}: ${(0,markdown_escape/* code */.aY)(command)}, ${(0,quantities/* countText */.lT)(statements, 'statement')} in ${(0,quantities/* durationText */.S5)(seconds)} (${end}).`,
            ],
            [
                'Would it stand in the way?',
                longest === undefined
                    ? unseen(migration)
                    : `${migration.schemaOnly ? 'The backup holds no rows, so times say nothing of a database with rows. ' : ''}The longest lock that does: ${(0,markdown_escape/* code */.aY)(longest.table)} for **${(0,quantities/* durationText */.S5)(longest.seconds)}**, ${longest.blocks} wait.`,
            ],
            [
                'What changed?',
                !migration.changesSeen
                    ? 'Not known: nobody could look at it afterwards.'
                    : `The schema ${schemaDiff === '' ? 'did not' : 'did'}; ${tables.length === 0 ? 'no table has other rows or another size' : `${(0,quantities/* countText */.lT)(tables.length, 'table')} with other rows or another size`}.`,
            ],
            steps.length === 0
                ? undefined
                : [
                    'What should I do?',
                    fittingLines(steps.map(step => `\n    - ${(0,markdown_escape/* prose */.CS)((0,printable/* fitted */.$5)(step, LINE))}`), BLOCK_LIMIT).join(''),
                ],
        ]),
        '',
    ];
}
/** That none was seen does not say that none is taken. */
function unseen({ statements, interval, needed }) {
    if (statements === 0)
        return 'Not known: nothing ran.';
    const looked = `they are looked at every ${(0,quantities/* durationText */.S5)(interval)}`;
    const [first] = needed.filter(({ blocks }) => blocks !== 'schema changes');
    return first === undefined
        ? `No lock that keeps others from reading or writing was seen; ${looked}, so a quick statement may have taken one.`
        : `For less than was seen, as ${looked}: ${(0,markdown_escape/* code */.aY)(first.table)} was locked, ${first.blocks} wait. On a busy server such a lock waits for its turn, and everybody else behind it.`;
}
/** The statement and the server's own words. */
function serverError({ error }) {
    if (error === undefined)
        return [];
    const { statement, message, code: state } = error;
    return [
        '',
        `The server's message (SQLSTATE ${(0,markdown_escape/* code */.aY)(state)}):`,
        '',
        ...(0,markdown_escape/* fenced */.OF)('text', block(message)),
        '',
        ...(statement === undefined
            ? []
            : ['The statement, without its literals:', '', ...(0,markdown_escape/* fenced */.OF)('sql', block(statement)), '']),
    ];
}
function block(text) {
    const lines = text.trimEnd().split('\n');
    const kept = fittingLines(lines.map(line => (0,printable/* fitted */.$5)(line.trimEnd(), LINE)), BLOCK_LIMIT);
    return kept.length === lines.length ? kept : [...kept, '…'];
}
const SLOW = [{ head: 'Took', right: true }, { head: 'Statement' }];
const LOCKS = [{ head: 'Table' }, { head: 'Lock' }, { head: 'Held', right: true }, { head: 'What waits' }];
const markdown_migration_TABLES = [{ head: 'Table' }, { head: 'Rows', right: true }, { head: 'Size', right: true }];
function markdown_migration_table(title, columns, rows) {
    return rows.length === 0 ? [] : folded(title, markdownTable(columns, rows));
}
function slowRow({ statement, seconds }) {
    return [(0,quantities/* durationText */.S5)(seconds), (0,markdown_escape/* code */.aY)(statement)];
}
/** What was not seen was short here; on a busy server it waits for its turn, and everybody else behind it. */
function neededRow({ table, mode, blocks }) {
    return [(0,markdown_escape/* code */.aY)(table), (0,markdown_escape/* code */.aY)(mode), 'not seen', `${LOCK_MARKS[blocks]} ${blocks}`.trim()];
}
function lockRow({ table, mode, seconds, blocks }) {
    return [(0,markdown_escape/* code */.aY)(table), (0,markdown_escape/* code */.aY)(mode), (0,quantities/* durationText */.S5)(seconds), `${LOCK_MARKS[blocks]} ${blocks}`.trim()];
}
function tableRow({ name, rows, bytes }) {
    const what = rows.before === undefined ? ' (new)' : rows.after === undefined ? ' (gone)' : '';
    return [`${(0,markdown_escape/* code */.aY)(name)}${what}`, change(rows, count), change(bytes, quantities/* sizeText */.lP)];
}
function change({ before, after }, text) {
    const shown = (value) => (value === undefined ? '–' : text(value));
    return before === after ? shown(after) : `${shown(before)} → ${shown(after)}`;
}
function count(value) {
    return value.toLocaleString('en');
}
function schemaDiff({ schemaDiff: diff, diffCut }, limit) {
    if (diff === '')
        return [];
    const lines = diff.trimEnd().split('\n');
    const shown = fittingLines(lines.map(line => (0,printable/* fitted */.$5)(line.trimEnd(), LINE)), limit);
    const more = lines.length - shown.length + diffCut;
    return folded('How the schema changed', [
        ...(0,markdown_escape/* fenced */.OF)('diff', shown),
        ...(more > 0 ? ['', `… and ${(0,quantities/* countText */.lT)(more, 'more line')}.`] : []),
    ]);
}

;// CONCATENATED MODULE: ./build/report/markdown-verify.js






/** Bytes. GitHub takes 1 MiB of summary, 65,536 characters of a comment and 65,535 of a check. */
const SUMMARY_LIMIT = 950_000;
const BRIEF_LIMIT = 60_000;
const VERDICT_MARKS = {
    verified: '✅',
    failed: '❌',
    'could-not-verify': '⚠️',
};
function verifyMarkdown(report, options) {
    return fittingSections(sectionsOf(report, { ...options, brief: false }), SUMMARY_LIMIT, 'It stands in the JSON of the result.');
}
/** For a comment or a check. */
function briefVerifyMarkdown(report, options, origin) {
    const lines = fittingSections(sectionsOf(report, { ...options, brief: true }), BRIEF_LIMIT, 'The summary of the run has it.');
    return page([...lines, ...linkTo(origin)]);
}
/** Of a run that threw. */
function briefErrorMarkdown(error, verdict, origin) {
    const why = verdict === 'failed' ? 'The proof failed' : 'The proof could not be made';
    return page([
        `## ${VERDICT_MARKS[verdict]} Proof: ${proof_words/* VERDICT_WORDS */._G[verdict]}`,
        ...failureBox(why, error),
        ...linkTo(origin),
    ]);
}
/** `✅ Proof: database verified`, one line in plain text. No tick for a record that anyone could have made. */
function verifyTitle(report) {
    const { kind, verdict, proofs } = report;
    if (kind === 'made')
        return `${VERDICT_MARKS[verdict]} Proof: ${(0,proof_words/* verdictLine */.MT)(report)}`;
    const doubtful = verdict === 'verified' && proofs.some(({ authenticated }) => !authenticated);
    return doubtful
        ? `📄 Last proof: ${(0,proof_words/* verdictLine */.MT)(report)}, by a record that was not authenticated`
        : `${VERDICT_MARKS[verdict]} Last proof: ${(0,proof_words/* verdictLine */.MT)(report)}`;
}
function sectionsOf(report, options) {
    const { proofs, absent, migration, store, kind } = report;
    const several = proofs.length > 1 || migration !== undefined;
    const parts = [
        ...(migration === undefined ? [] : [migrationSections(migration, options)]),
        ...proofs.map(proof => proofSections(proof, kind, { ...options, heading: several })),
    ];
    return [
        { what: '', lines: [`## ${verifyTitle(report)}`, ''] },
        ...parts.flatMap(({ answers, details }) => [...answers, ...details]),
        ...(absent.length === 0 ? [] : [{ what: '', lines: ['', `– Nothing to verify here: ${absent.join(', ')}.`, ''] }]),
        { what: '', lines: ['', `In ${(0,markdown_escape/* code */.aY)(store)}.`, ''] },
    ];
}
function linkTo({ run, commit }) {
    const parts = [
        ...(run === undefined ? [] : [`[The run and its summary](${run})`]),
        ...(commit === undefined ? [] : [`for commit ${(0,markdown_escape/* code */.aY)(commit.slice(0, 7))}`]),
    ];
    return parts.length === 0 ? [] : ['', parts.join(' '), ''];
}
/** Parts bring their own empty lines; two in a row are one too many. */
function page(lines) {
    return `${lines
        .filter((line, index) => line !== '' || lines[index - 1] !== '')
        .join('\n')
        .trim()}\n`;
}

;// CONCATENATED MODULE: ./build/report/text-list.js
/** The table of `comeback list`. */



/** Foreign names shown; the rest are counted. */
const text_list_FOREIGN_SHOWN = 5;
/** Milliseconds before the store drops a backup from which on that is noted. */
const SOON = 7 * 24 * 60 * 60 * 1000;
function renderList(report, palette, times) {
    const { store, backups, foreign } = report;
    const notes = text_list_foreignLines(foreign, palette);
    if (backups.length === 0)
        return [`No backups in ${store}.`, ...notes];
    const doubtful = backups.some(({ authenticated, status }) => !authenticated && status !== 'damaged' && status !== 'unread');
    const failed = backups.filter(({ status }) => status === 'failed').length;
    const stored = backups.reduce((sum, backup) => sum + backup.stored, 0);
    return [
        ...text_list_table(backups, columns(backups, palette, times), palette, times),
        '',
        `${(0,quantities/* countText */.lT)(backups.length - failed, 'backup')}${failed === 0 ? '' : ` and ${(0,quantities/* countText */.lT)(failed, 'failed run')}`}, ${(0,quantities/* sizeText */.lP)(stored)} stored in ${store}`,
        ...(doubtful ? [palette.dim(`? ${doubtWords(report)}, so listed as it claims to be`)] : []),
        ...discountLines(backups, palette),
        ...notes,
    ];
}
function doubtWords({ unauthenticated }) {
    return unauthenticated === true
        ? 'not authenticated, as no key was at hand'
        : 'made with another key than the one at hand';
}
function discountLines(backups, { yellow }) {
    const found = new Set(backups.flatMap(({ discount }) => discount ?? []));
    return [...found].map(discount => {
        const { word, because } = standing_words/* DISCOUNTS */.XE[discount];
        return `${yellow(word)}: it ${because}, and counts for nothing here`;
    });
}
/** The id has the time in UTC. A line has no room for the age as well as for the reader's own time. */
function columns(backups, { bold, dim, red, yellow, green }, { now, zone }) {
    const known = (backup, text) => ({
        text: text === undefined || backup.status === 'damaged' || backup.status === 'unread' ? '-' : text,
    });
    const statuses = {
        complete: { text: 'complete', style: green },
        verified: { text: 'verified', style: green },
        partial: { text: 'partial', style: yellow },
        failed: { text: 'FAILED', style: red },
        damaged: { text: 'damaged', style: red },
        unread: { text: 'unread', style: dim },
    };
    const local = zone === undefined ? undefined : localTimes(zone);
    return [
        {
            head: 'STATUS',
            cell: backup => backup.discount === undefined
                ? marked(statuses[text_list_statusOf(backup)], backup)
                : { text: standing_words/* DISCOUNTS */.XE[backup.discount].word, style: yellow },
        },
        { head: 'COMPONENT', cell: ({ component }) => ({ text: component, style: bold }) },
        {
            head: 'ID (UTC)',
            cell: ({ id, authenticated, status }) => ({
                text: authenticated || status === 'damaged' || status === 'unread' ? id : `${id} ?`,
            }),
        },
        local === undefined
            ? { head: 'AGE', right: true, cell: ({ time }) => ({ text: (0,quantities/* ageText */.XG)(new Date(time), now) }) }
            : { head: 'LOCAL TIME', cell: ({ time }) => ({ text: local(new Date(time)) }) },
        { head: 'SIZE', right: true, cell: backup => known(backup, (0,quantities/* sizeText */.lP)(backup.bytes)) },
        // Of the old scripts' files nothing is known but what they take.
        backups.every(({ status }) => status === 'unread')
            ? { head: 'STORED', right: true, cell: ({ stored }) => ({ text: (0,quantities/* sizeText */.lP)(stored) }) }
            : {
                head: 'NEW',
                right: true,
                cell: backup => known(backup, backup.new === undefined ? undefined : (0,quantities/* sizeText */.lP)(backup.new)),
            },
        { head: 'KIND', cell: backup => ({ text: text_list_kindText(backup), style: backup.holds ? yellow : dim }) },
    ];
}
function text_list_statusOf({ status, proof }) {
    return status === 'complete' && proof?.verdict === 'verified' ? 'verified' : status;
}
/** `on 2`: it needs packs of two older ones. That it is not of everything matters more. */
function text_list_kindText({ holds, full, leansOn }) {
    if (holds !== undefined)
        return standing_words/* HOLDS_WORDS */.n8[holds];
    if (leansOn.length > 0)
        return `on ${leansOn.length}`;
    return full === true ? 'full' : '-';
}
/** `11-23 03:00`; the id has the year. */
function localTimes(zone) {
    const digits = { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' };
    // Of all languages it is Swedish that writes it so.
    const format = new Intl.DateTimeFormat('sv', { timeZone: zone, year: 'numeric', ...digits });
    return time => format.format(time).slice(5);
}
/** In the place of `complete`, as a line has no room for both. */
function marked(cell, { status, purpose }) {
    return purpose !== undefined && status === 'complete' ? { ...cell, text: purpose } : cell;
}
/** What is worth a line of its own. */
function notesOf(backup, { dim, red, yellow }, now) {
    const { purpose, status, proof, expires, reason } = backup;
    const ago = proof === undefined ? '' : `, ${(0,quantities/* ageText */.XG)(new Date(proof.time), now)} ago`;
    return [
        ...(purpose !== undefined && status !== 'complete' ? [dim(`  was to be a ${purpose} backup`)] : []),
        ...(proof?.verdict === 'failed' ? [red(`  its proof FAILED${ago}`)] : []),
        ...(proof?.verdict === 'could-not-verify' ? [yellow(`  its proof could not be made${ago}`)] : []),
        ...(expires !== undefined && Date.parse(expires) - now.getTime() < SOON
            ? [yellow(`  the store drops it on ${expires.slice(0, 10)}`)]
            : []),
        ...(reason === undefined ? [] : [dim(`  why: ${(0,printable/* onOneLine */.GJ)(reason)}`)]),
    ];
}
function text_list_table(backups, columns, palette, { now }) {
    const rows = backups.map(backup => columns.map(({ cell }) => cell(backup)));
    const widths = columns.map(({ head }, index) => Math.max(head.length, ...rows.map(row => (0,printable/* widthOf */.qz)(row[index]?.text ?? ''))));
    const line = (cells) => cells
        .map(({ text, style }, index) => {
        const gap = ' '.repeat((widths[index] ?? 0) - (0,printable/* widthOf */.qz)(text));
        const shown = style === undefined ? text : style(text);
        return columns[index]?.right ? gap + shown : shown + (index === cells.length - 1 ? '' : gap);
    })
        .join('  ');
    const lines = [line(columns.map(({ head }) => ({ text: head, style: palette.dim })))];
    for (const [index, backup] of backups.entries()) {
        lines.push(line(rows[index] ?? []));
        lines.push(...notesOf(backup, palette, now));
    }
    return lines;
}
function text_list_foreignLines(foreign, { yellow }) {
    if (foreign.length === 0)
        return [];
    const more = foreign.length - text_list_FOREIGN_SHOWN;
    return [
        `${yellow('not of a backup')}, left alone: ${foreign.slice(0, text_list_FOREIGN_SHOWN).map(printable/* onOneLine */.GJ).join(', ')}${more > 0 ? `, and ${more} more` : ''}`,
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
        ...(left === 0 ? [] : [yellow(`${(0,quantities/* countText */.lT)(left, 'file')} not tried any more; run it again.`)]),
        ...notes,
    ];
}
function importSum({ files }) {
    const count = (status) => files.filter(file => file.status === status).length;
    const parts = [`${(0,quantities/* countText */.lT)(count('imported'), 'backup')} imported`];
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
                `${green('imported')} ${name} as ${file.id} (${(0,quantities/* timeText */.Tc)(file.time)})`,
                dim(`  ${(0,quantities/* sizeText */.lP)(read)} read, ${(0,quantities/* sizeText */.lP)(fresh)} new`),
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
            return restoreMarkdown(report, options.now, options.details);
        case 'discard':
            return [`## ✅ Discarded: ${report.component}`, '', ...report.summary.map(line => `- ${(0,markdown_escape/* prose */.CS)(line)}`)];
        case 'restore-plan':
            return restorePlanMarkdown(report, options.details);
        case 'verify':
            return verifyMarkdown(report, options);
        case 'list':
            return listMarkdown(report, options.now);
        case 'copy':
            return copyMarkdown(report);
        case 'export':
            return exportMarkdown(report);
        case 'key':
            return ['## Key', '', `Key id: ${(0,markdown_escape/* code */.aY)(report.keyId)}`];
        case 'status':
            return statusMarkdown(report);
        case 'report':
            return historyMarkdown(report);
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
        left.push(`${(0,quantities/* sizeText */.lP)(Math.max(0, present - read))} that are not due today. Run daily, ${percent} percent a day read everything within ${days} days.`);
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
        ...(report.foreign === 0 ? [] : [dim(`${(0,quantities/* countText */.lT)(report.foreign, 'file')} in the store, not of a backup`)]),
        dim(`in ${report.store}, ${(0,quantities/* durationText */.S5)(report.seconds)}`),
    ];
}
function componentLines(checked, { bold, red, green, dim }) {
    const { component, backups, placeholders, named, present, read, opened, chunks, orphans } = checked;
    if (backups.whole + backups.hurt + placeholders === 0)
        return [`${bold(component)} has no backups`];
    const hurt = backups.hurt === 0 ? '' : `, ${red(`${backups.hurt} hurt`)}`;
    const count = (0,quantities/* countText */.lT)(backups.whole, 'backup');
    return [
        `${bold(component)} ${backups.whole > 0 ? green(`${count} whole`) : `${count} whole`}${hurt}`,
        `  ${text_check_amountText(present)}${present.objects === named.objects ? '' : ` of ${named.objects.toLocaleString('en')}`} there with the right size`,
        ...(read.objects === 0 ? [] : [`  ${text_check_amountText(read)} read, with the right SHA-256`]),
        ...(opened === 0
            ? []
            : [`  ${(0,quantities/* countText */.lT)(opened, 'object')} decrypted, ${(0,quantities/* countText */.lT)(chunks, 'chunk')} with the right content`]),
        ...(placeholders === 0 ? [] : [dim(`  ${(0,quantities/* countText */.lT)(placeholders, 'placeholder')} of failed runs`)]),
        ...(orphans.objects === 0 ? [] : [dim(`  harmless: ${text_check_amountText(orphans)} that no backup names`)]),
    ];
}
function findingLines({ code, message, hint, hurts }, { red }) {
    const more = hurts.length - IDS_SHOWN;
    const ids = hurts.slice(0, IDS_SHOWN).map(printable/* onOneLine */.GJ).join(', ');
    return [
        `${red(`${code}:`)} ${indented(message)}`,
        hurts.length === 0 ? '  hurts no backup' : `  hurts ${ids}${more > 0 ? ` and ${more} more` : ''}`,
        `  hint: ${indented(hint)}`,
    ];
}
function text_check_amountText({ objects, bytes }) {
    return `${(0,quantities/* countText */.lT)(objects, 'object')} (${(0,quantities/* sizeText */.lP)(bytes)})`;
}

;// CONCATENATED MODULE: ./build/report/text-init.js
const text_init_WORDS = {
    written: 'wrote',
    replaced: 'changed',
    unchanged: 'as it was:',
};
function initLines(report, { bold, dim, yellow }) {
    const { files, ignored, key, secrets, sheet, sheetFile } = report;
    return [
        ...files.map(({ path, change }) => `${text_init_WORDS[change]} ${path}${path === '.gitignore' ? added(ignored) : ''}`),
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
        ...backups.flatMap(backup => text_prune_backupLines(backup, palette)),
        ...leftovers.flatMap(({ component, id, objects, bytes }) => rowLines('remove', component, id, bytes, `left over: ${(0,quantities/* countText */.lT)(objects, 'object')} without a record`, palette)),
        '',
        ...wrapped(`The rule: ${report.policy.join(', ')}.`, WIDTH, 2),
        ...wrapped(sumText(report), WIDTH, 2),
        ...notes,
        ...(applied || removed.objects === 0
            ? []
            : [dim('This is a plan; nothing was changed. With --apply it is carried out.')]),
    ];
}
function text_prune_backupLines(backup, palette) {
    const { component, id, status, holds, action, reasons, frees, outlived } = backup;
    const words = [
        ...(status === 'complete' ? [] : [status === 'failed' ? 'failed run' : status]),
        ...(holds === undefined ? [] : [standing_words/* HOLDS_WORDS */.n8[holds]]),
        ...reasons,
        ...(action === 'remove' && outlived > 0 ? [`${(0,quantities/* countText */.lT)(outlived, 'object')} of it still needed`] : []),
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
        (bytes === 0 ? '' : (0,quantities/* sizeText */.lP)(bytes)).padStart(fourth),
    ].join('  ');
    const why = (0,printable/* onOneLine */.GJ)(words);
    if ((0,printable/* widthOf */.qz)(why) <= WIDTH - REASONS_AT)
        return [`${head}  ${dim(why)}`];
    const margin = ' '.repeat(first + 2);
    return [head.trimEnd(), ...wrapped(why, WIDTH - margin.length, 0).map(line => margin + dim(line))];
}
function sumText({ store, applied, kept, removed }) {
    const stay = `${(0,quantities/* countText */.lT)(kept.backups, 'backup')} (${(0,quantities/* sizeText */.lP)(kept.bytes)})`;
    if (removed.objects === 0)
        return `${applied ? 'Nothing was removed' : 'Nothing would go'}: ${stay} in ${store}.`;
    const gone = `${(0,quantities/* countText */.lT)(removed.backups, 'backup')}, ${(0,quantities/* countText */.lT)(removed.objects, 'object')}, ${(0,quantities/* sizeText */.lP)(removed.bytes)}`;
    return `${applied ? 'Removed' : 'Would remove'} ${gone}. ${stay} ${applied ? 'stay' : 'would stay'} in ${store}.`;
}
function problemLines({ severity, message, hint }, { red, yellow }) {
    const [label, style] = severity === 'failed' ? ['failed:', red] : ['warning:', yellow];
    const [first = '', ...more] = wrapped(`${label} ${(0,printable/* onOneLine */.GJ)(message)}`, WIDTH, 2);
    return [
        style(label) + first.slice(label.length),
        ...more,
        ...(hint === undefined ? [] : wrapped(`  hint: ${(0,printable/* onOneLine */.GJ)(hint)}`, WIDTH, 4)),
    ];
}

;// CONCATENATED MODULE: ./build/report/text-status.js
/** The result of `comeback status`: a block for each component. */





/** Columns. */
const text_status_WIDTH = 80;
function statusLines(report, palette) {
    const { components, maxAge, maxProofAge, store, space, time } = report;
    const unproved = components.filter(({ proofOverdue }) => proofOverdue === true).map(({ component }) => component);
    const late = components.filter(({ overdue }) => overdue).map(({ component }) => component);
    return [
        ...components.flatMap(status => text_status_componentLines(status, palette, time)),
        ...(maxAge === undefined
            ? []
            : late.length === 0
                ? [palette.green(`Nothing is overdue: no last good backup is older than ${text_status_limitText(maxAge)}.`)]
                : [palette.red(`OVERDUE: ${late.join(', ')}. No good backup within ${text_status_limitText(maxAge)}.`)]),
        ...(maxProofAge === undefined
            ? []
            : unproved.length === 0
                ? [palette.green(`Proofs are in time: none is older than ${text_status_limitText(maxProofAge)}.`)]
                : [palette.red(`OVERDUE: ${unproved.join(', ')}. No backup verified within ${text_status_limitText(maxProofAge)}.`)]),
        ...text_status_spaceLines(space, palette),
        ...(report.unauthenticated === true ? wrapped(standing_words/* NO_KEY */.SH, text_status_WIDTH, 0).map(palette.yellow) : []),
        ...(report.left === undefined ? [] : wrapped((0,printable/* onOneLine */.GJ)((0,standing_words/* leftText */.$)(report.left)), text_status_WIDTH, 2).map(palette.yellow)),
        palette.dim(`in ${store}`),
    ];
}
function text_status_spaceLines(space, { dim, red, yellow }) {
    const { stored, quota, exceeded, in30Days } = space;
    const lines = (text, style) => wrapped(text, text_status_WIDTH, 2).map(style);
    const full = in30Days?.exceeded;
    return [
        ...(exceeded === true && quota !== undefined
            ? lines(`FULL: ${(0,quantities/* sizeText */.lP)(stored)} are stored, and the quota is ${(0,quantities/* sizeText */.lP)(quota)}.`, red)
            : []),
        ...(in30Days === undefined ? [] : lines(forecastText(in30Days), dim)),
        ...(full === undefined || quota === undefined
            ? []
            : lines(`That is more than the quota of ${(0,quantities/* sizeText */.lP)(quota)}, from ${full} on.`, yellow)),
    ];
}
function text_status_componentLines(status, palette, time) {
    const { component, last, since, sinceCount, stored, grown } = status;
    const { bold, dim, yellow } = palette;
    const more = sinceCount - since.length;
    const advice = status.state === 'never' && !status.overdue ? dim : yellow;
    return [
        `${bold(component)} ${verdict(status, palette)}`,
        ...(last === undefined
            ? []
            : [`  last good: ${last.id} (${(0,quantities/* timeText */.Tc)(last.time)}), ${(0,quantities/* sizeText */.lP)(last.bytes)}${holdsText(last)}`]),
        ...text_status_proofLines(status, palette),
        ...rhythmLines(status, palette, time),
        ...since.flatMap(later => text_status_laterLines(later, palette)),
        ...(more > 0 ? [dim(`  and ${more.toLocaleString('en')} more`)] : []),
        ...(status.state === 'never' ? [] : [`  ${counts(status)}, ${(0,quantities/* sizeText */.lP)(stored)} stored`]),
        ...(stored === 0 ? [] : [`  new in 7 days: ${(0,quantities/* sizeText */.lP)(grown.days7)}, in 30 days: ${(0,quantities/* sizeText */.lP)(grown.days30)}`]),
        ...status.next.flatMap(step => wrapped((0,printable/* onOneLine */.GJ)(`  ${step}`), text_status_WIDTH, 4).map(advice)),
    ];
}
function holdsText({ holds }) {
    return holds === undefined ? '' : `, ${standing_words/* HOLDS_WORDS */.n8[holds]}`;
}
/** RPO: what would be lost now, and at the worst of late. RTO is told with the proof, as it was measured by it. */
function rhythmLines({ last, nextDue, largestGap }, { yellow }, time) {
    const passed = nextDue !== undefined && nextDue < time;
    const due = passed ? `${(0,quantities/* timeText */.Tc)(nextDue)}, ${(0,quantities/* ageText */.XG)(new Date(nextDue), new Date(time))} ago` : '';
    return [
        ...(nextDue === undefined ? [] : [`  next due: ${passed ? yellow(due) : (0,quantities/* timeText */.Tc)(nextDue)}`]),
        ...(last === undefined || largestGap === undefined
            ? []
            : [
                `  a loss costs ${(0,quantities/* durationText */.S5)(last.age)} of changes now, ${(0,quantities/* durationText */.S5)(largestGap)} at worst of late (RPO)`,
            ]),
    ];
}
function text_status_proofLines({ lastProof, lastVerified }, { red, yellow }) {
    const took = (seconds) => (seconds === undefined ? '' : `, restored in ${(0,quantities/* durationText */.S5)(seconds)}`);
    const line = ({ id, age, restoreSeconds }, said) => `  last proof: ${id} ${said} ${(0,quantities/* durationText */.S5)(age)} ago${took(restoreSeconds)}`;
    const style = lastProof?.verdict === 'failed' ? red : yellow;
    return [
        ...(lastProof === undefined || lastProof.verdict === 'verified' ? [] : [line(lastProof, style(lastProof.verdict))]),
        ...(lastVerified === undefined ? [] : [line(lastVerified, 'verified')]),
    ];
}
function verdict({ state, overdue, last }, { red, green, yellow }) {
    if (last !== undefined) {
        const age = `${(0,quantities/* durationText */.S5)(last.age)} old`;
        return overdue ? `${red('OVERDUE')}, ${age}` : `${green('good')}, ${age}`;
    }
    const text = state === 'never' ? 'never backed up' : 'no good backup';
    return overdue ? `${red('OVERDUE')}, ${text}` : state === 'never' ? text : yellow(text);
}
function text_status_laterLines({ id, status, reason }, { red, yellow }) {
    const style = status === 'failed' || status === 'damaged' ? red : yellow;
    const why = reason === undefined ? '' : `: ${(0,printable/* onOneLine */.GJ)(reason)}`;
    const said = standing_words/* LATER_WORDS */.tF[status];
    const [first = '', ...more] = wrapped(`  since: ${id} ${said}${why}`, text_status_WIDTH, 4);
    return [first.replace(said, style), ...more];
}
function counts({ backups, failed }) {
    return failed === 0
        ? `${(0,quantities/* countText */.lT)(backups, 'backup')} of any kind`
        : `${(0,quantities/* countText */.lT)(backups, 'backup')} of any kind and ${(0,quantities/* countText */.lT)(failed, 'failed run')}`;
}
/** `26 h`, or `26 h (database), 8 d (files)`. */
function text_status_limitText(ages) {
    if (typeof ages === 'number')
        return ageLimit(ages);
    return Object.entries(ages)
        .map(([component, age]) => `${ageLimit(age)} (${component})`)
        .join(', ');
}
/** As people ask for it: `26 h`, not `1 d 2 h`. */
function ageLimit(seconds) {
    const hours = seconds / 3600;
    return hours < 1 || hours > 72 || !Number.isInteger(hours) ? (0,quantities/* durationText */.S5)(seconds) : `${hours} h`;
}

;// CONCATENATED MODULE: ./build/report/text-findings.js



/** Columns. */
const text_findings_WIDTH = 80;
function text_findings_findingLine({ code, subject, message }, { red, yellow }) {
    const style = (0,proof_words/* weightOf */.mm)(code) === 'failed' ? red : yellow;
    const about = subject === '' ? '' : `${(0,printable/* onOneLine */.GJ)(subject)}: `;
    const [first = '', ...more] = wrapped(`  ${code}: ${about}${message}`, text_findings_WIDTH, 4);
    return [first.replace(`${code}:`, style), ...more];
}
function assertionLines(outcomes, { red, green, yellow }) {
    if (outcomes.length === 0)
        return [];
    const passed = outcomes.filter(({ result }) => result === 'passed').length;
    const marks = { passed: green('✓'), failed: red('✗'), error: yellow('–') };
    return [
        `  assertions: ${passed} of ${outcomes.length} hold`,
        ...outcomes.map(outcome => `    ${marks[outcome.result]} ${(0,printable/* onOneLine */.GJ)(outcome.name)}${text_findings_valueText(outcome)}`),
    ];
}
function text_findings_valueText({ result, value, before }) {
    const failed = result === 'error' ? ' could not be asked' : '';
    if (value === undefined)
        return failed;
    const earlier = before === undefined || before === value ? '' : ` (${before.toLocaleString('en')} before)`;
    return `${failed}: ${value.toLocaleString('en')}${earlier}`;
}

;// CONCATENATED MODULE: ./build/report/text-migration.js





/** Columns. */
const text_migration_WIDTH = 80;
/** Of each list; the rest are counted. */
const text_migration_SHOWN = 10;
/** Lines of the schema's diff. */
const DIFF_SHOWN = 60;
function migrationLines(migration, palette) {
    const { result, seconds, statements, command, backup, error, findings, exitCode } = migration;
    const { bold, red, green, yellow, dim } = palette;
    const style = { succeeded: green, failed: red, 'could-not-run': yellow }[result];
    const word = result === 'succeeded' ? proof_words/* MIGRATION_WORDS */.F4[result] : proof_words/* MIGRATION_WORDS */.F4[result].toUpperCase();
    return [
        `${bold('migration')} ${style(word)} in ${(0,quantities/* durationText */.S5)(seconds)}, ${(0,quantities/* countText */.lT)(statements, 'statement')}, on ${backup}`,
        ...wrapped(`  ${(0,printable/* onOneLine */.GJ)(command)}${exitCode === 0 ? '' : exitCode === null ? ' (ended by a signal)' : ` (exit code ${exitCode})`}`, text_migration_WIDTH, 4).map(dim),
        ...(error === undefined
            ? []
            : [
                ...wrapped(`  ${red('the server:')} ${(0,printable/* onOneLine */.GJ)(error.message)} (${error.code})`, text_migration_WIDTH, 4),
                ...(error.statement === undefined ? [] : wrapped(`    ${(0,printable/* onOneLine */.GJ)(error.statement)}`, text_migration_WIDTH, 6)),
            ]),
        ...findings.flatMap(finding => [
            ...text_findings_findingLine(finding, palette),
            ...(finding.hint === undefined ? [] : wrapped(`    hint: ${finding.hint}`, text_migration_WIDTH, 6)),
        ]),
        ...listed('slow statements', migration.slow, slow => `${(0,quantities/* durationText */.S5)(slow.seconds)}  ${(0,printable/* onOneLine */.GJ)(slow.statement)}`),
        ...(migration.locks.length === 0 ? noLocks(migration) : listed('locks', migration.locks, lockText)),
        ...listed('locks that were not seen, and that its statements must take', migration.needed, neededText),
        ...(migration.schemaOnly
            ? ['  the backup holds no rows, so times and sizes say nothing of a database with rows']
            : []),
        ...diffLines(migration, palette),
        ...listed('tables', migration.tables, tableText),
        ...assertionLines(migration.assertions, palette),
    ];
}
function listed(what, items, text) {
    if (items.length === 0)
        return [];
    const more = items.length - text_migration_SHOWN;
    return [
        `  ${what}:`,
        ...items.slice(0, text_migration_SHOWN).flatMap(item => wrapped(`    ${text(item)}`, text_migration_WIDTH, 6)),
        ...(more > 0 ? [`    and ${more.toLocaleString('en')} more`] : []),
    ];
}
function lockText({ table, mode, seconds, blocks }) {
    return `${(0,printable/* onOneLine */.GJ)(table)}: ${mode} for ${(0,quantities/* durationText */.S5)(seconds)}, blocks ${blocks}`;
}
function neededText({ table, mode, blocks }) {
    return `${(0,printable/* onOneLine */.GJ)(table)}: ${mode}, blocks ${blocks}`;
}
function tableText({ name, rows, bytes }) {
    const what = rows.before === undefined ? ' (new)' : rows.after === undefined ? ' (gone)' : '';
    const count = (value) => (value === undefined ? '–' : value.toLocaleString('en'));
    const size = (value) => (value === undefined ? '–' : (0,quantities/* sizeText */.lP)(value));
    const sizes = bytes.before === undefined && bytes.after === undefined ? '' : `, ${size(bytes.before)} → ${size(bytes.after)}`;
    return `${(0,printable/* onOneLine */.GJ)(name)}${what}: ${count(rows.before)} → ${count(rows.after)} rows${sizes}`;
}
/** That none was seen does not say that none is taken. */
function noLocks({ statements, interval }) {
    if (statements === 0)
        return [];
    return wrapped(`  locks: none was seen, looking every ${(0,quantities/* durationText */.S5)(interval)}; a quick statement takes one and gives it back in between`, text_migration_WIDTH, 4);
}
function diffLines({ schemaDiff, diffCut, changesSeen, statements }, { red, green, dim }) {
    if (statements === 0 && schemaDiff === '')
        return [];
    if (!changesSeen)
        return ['  what it changed is not known, as nobody could look at it afterwards'];
    if (schemaDiff === '')
        return ['  the schema is as it was'];
    const lines = schemaDiff.trimEnd().split('\n');
    const more = lines.length + diffCut - Math.min(lines.length, DIFF_SHOWN);
    const style = (line) => (line.startsWith('+') ? green : line.startsWith('-') ? red : dim)(line);
    return [
        '  the schema changed:',
        ...lines.slice(0, DIFF_SHOWN).map(line => `    ${style((0,printable/* onOneLine */.GJ)(line.trimEnd()))}`),
        ...(more > 0 ? [dim(`    and ${(0,quantities/* countText */.lT)(more, 'more line')}`)] : []),
    ];
}

;// CONCATENATED MODULE: ./build/report/text-verify.js







/** Columns. */
const text_verify_WIDTH = 80;
/** Findings, and tables that changed, that are shown of one component; the rest are counted. */
const FINDINGS_SHOWN = 20;
const TABLES_SHOWN = 10;
function verifyLines(report, palette, { now, details }) {
    const { kind, proofs, absent, migration, store } = report;
    const several = proofs.length + absent.length > 1;
    return [
        ...(several ? [(0,proof_words/* verdictLine */.MT)(report)] : []),
        ...proofs.flatMap(proof => text_verify_proofLines(proof, kind, palette, { now, details })),
        ...absent.map(component => `${palette.bold(component)} has nothing to verify here`),
        ...(migration === undefined ? [] : migrationLines(migration, palette)),
        palette.dim(`in ${store}`),
    ];
}
function text_verify_proofLines(proof, kind, palette, { now, details }) {
    const { component, id, verdict, checks, findings, assertions } = proof;
    const { bold, red, green, yellow, dim } = palette;
    if ((0,proof_words/* wasNeverProved */.WD)(proof))
        return neverLines(proof, palette);
    const style = { verified: green, failed: red, 'could-not-verify': yellow }[verdict];
    const word = verdict === 'verified' ? proof_words/* VERDICT_WORDS */._G[verdict] : proof_words/* VERDICT_WORDS */._G[verdict].toUpperCase();
    // Anyone who can write to the store could have made it.
    const said = verdict === 'verified' && !proof.authenticated ? yellow(`${word}, by its record`) : style(word);
    return [
        `${bold(component)} ${said} ${id}`,
        ...(kind === 'recorded' ? recordLines(proof, palette, now) : []),
        `  the backup of ${(0,quantities/* timeText */.Tc)(proof.time)}, ${(0,quantities/* durationText */.S5)(proof.age)} old when it was proved`,
        ...timeLines(proof).map(line => `  ${line}`),
        ...text_verify_checkLines(checks, palette),
        ...text_verify_findingLines(findings, palette),
        ...changeLines(proof, palette, details),
        ...assertionLines(assertions, palette),
        ...(proof.recorded
            ? []
            : [`  ${yellow('not recorded:')} ${indented(proof.notRecorded ?? 'the store keeps nothing of this proof.')}`]),
        dim(`  proved ${(0,quantities/* timeText */.Tc)(proof.provedAt)} by ${(0,printable/* onOneLine */.GJ)(proof.engine)}${proof.server === undefined ? '' : ` on ${(0,printable/* onOneLine */.GJ)(proof.server)}`}`),
    ];
}
function neverLines({ component, id, time, findings }, palette) {
    return [
        `${palette.bold(component)} ${palette.yellow('was never verified')}`,
        `  the newest backup is ${id}, of ${(0,quantities/* timeText */.Tc)(time)}; nothing was restored now`,
        ...text_verify_findingLines(findings, palette),
    ];
}
/** Nobody must take a record for a restore. */
function recordLines(proof, { yellow }, now) {
    const ago = (0,quantities/* ageText */.XG)(new Date(proof.provedAt), now);
    return wrapped(`  Nothing was restored now: this was recorded on ${(0,quantities/* timeText */.Tc)(proof.provedAt)}, ${ago} ago. ${(0,proof_words/* recordNote */.Up)(proof)}`, text_verify_WIDTH, 2).map(yellow);
}
function timeLines({ restoreSeconds, compareSeconds, bytes, stored }) {
    const size = `${(0,quantities/* sizeText */.lP)(bytes)}, ${(0,quantities/* sizeText */.lP)(stored)} of its own in the store`;
    if (restoreSeconds === undefined)
        return [`the restore did not come to its end, so how long it takes is not known`, ...(bytes === 0 ? [] : [size])];
    const compared = compareSeconds === undefined ? '' : `, compared in ${(0,quantities/* durationText */.S5)(compareSeconds)}`;
    return [`restored in ${(0,quantities/* durationText */.S5)(restoreSeconds)} (${(0,quantities/* rateText */.cf)(bytes, restoreSeconds)})${compared}`, size];
}
/** A tick is for what passed alone. */
function text_verify_checkLines(checks, { red, green, dim }) {
    const width = Math.max(0, ...checks.map(({ name }) => name.length));
    const marks = { passed: green('✓'), failed: red('✗'), 'not-run': dim('–') };
    const texts = (0,proof_words/* checkTexts */.Ri)(checks);
    return checks.flatMap(({ name, result }, place) => {
        const [first = '', ...more] = wrapped((0,printable/* onOneLine */.GJ)(texts[place] ?? ''), text_verify_WIDTH - width - 6, 0);
        return [
            `  ${marks[result]} ${name.padEnd(width)}  ${first}`.trimEnd(),
            ...more.map(line => `${' '.repeat(width + 6)}${line}`),
        ];
    });
}
function text_verify_findingLines(findings, palette) {
    const { dim } = palette;
    const shown = findings.slice(0, FINDINGS_SHOWN);
    const more = findings.length - shown.length;
    return [
        ...shown.flatMap((finding, index) => {
            // The same advice a hundred times would hide everything else.
            const advice = (0,proof_words/* stepsOf */.B_)([finding]).filter(hint => shown.findIndex(other => other.hint === hint) === index);
            return [...text_findings_findingLine(finding, palette), ...advice.flatMap(hint => wrapped(`    hint: ${hint}`, text_verify_WIDTH, 6))];
        }),
        ...(more > 0 ? [dim(`  and ${(0,quantities/* countText */.lT)(more, 'more finding')}`)] : []),
    ];
}
function changeLines(proof, { red, dim }, details) {
    const changed = (0,proof_words/* changedTables */.iz)(proof);
    if (changed.length === 0)
        return [];
    const halved = changed.filter(table => table.halved);
    const heading = `  rows since the proof before: other numbers in ${(0,quantities/* countText */.lT)(changed.length, 'table')}`;
    const warning = halved.length === 0 ? '' : `, ${red(`${halved.length} lost half or more`)}`;
    if (!details)
        return [heading + warning];
    const shown = changed.slice(0, TABLES_SHOWN);
    const width = Math.min(40, Math.max(...shown.map(({ name }) => (0,printable/* widthOf */.qz)((0,printable/* onOneLine */.GJ)(name)))));
    const more = changed.length - shown.length;
    return [
        heading + warning,
        ...shown.map(table => {
            const name = (0,printable/* onOneLine */.GJ)(table.name);
            const text = (0,proof_words/* changeText */.k0)(table);
            return `    ${name}${' '.repeat(Math.max(0, width - (0,printable/* widthOf */.qz)(name)))}  ${table.halved ? red(text) : text}`;
        }),
        ...(more > 0 ? [dim(`    and ${more.toLocaleString('en')} more`)] : []),
    ];
}

;// CONCATENATED MODULE: ./build/report/text.js
/** A report as text for people. Its strings come in scrubbed and printable; nothing here decides, it only shows. */














/** Ends in a line break. */
function renderReport(report, rendering) {
    return `${text_linesOf(report, rendering).join('\n')}\n`;
}
function text_linesOf(report, { palette, now, zone, details = true }) {
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
        case 'verify':
            return verifyLines(report, palette, { now, details });
        case 'list':
            return renderList(report, palette, { now, zone });
        case 'status':
            return statusLines(report, palette);
        case 'report':
            return historyLines(report, palette);
        case 'check':
            return checkLines(report, palette);
        case 'prune':
            return pruneLines(report, palette);
        case 'import':
            return importLines(report, palette);
        case 'init':
            return initLines(report, palette);
        case 'copy':
            return copyLines(report, palette);
        case 'export':
            return exportLines(report, palette);
        case 'key':
            return keyLines(report);
    }
}
function text_backupLines({ store, backups, pruned }, palette) {
    return [
        ...backups.flatMap(outcome => outcomeLines(outcome, palette)),
        ...(pruned === undefined ? [] : prunedLines(pruned, palette)),
        palette.dim(`in ${store}`),
    ];
}
function prunedLines(pruned, palette) {
    if (pruned.command === 'error') {
        const { message, hint } = pruned.error;
        return [
            `${palette.red('Pruning FAILED')}: ${indented(message)}`,
            ...(hint === undefined ? [] : [`  hint: ${indented(hint)}`]),
        ];
    }
    const { removed, problems } = pruned;
    const went = `pruned: ${(0,quantities/* countText */.lT)(removed.backups, 'backup')} and ${(0,quantities/* countText */.lT)(removed.objects, 'object')} went, ${(0,quantities/* sizeText */.lP)(removed.bytes)}`;
    return [went, ...problems.map(({ message }) => `  ${palette.yellow('warning:')} ${indented(message)}`)];
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
        `${bold(outcome.component)} ${status} ${outcome.id}${outcome.holds === undefined ? '' : yellow(`, ${standing_words/* HOLDS_WORDS */.n8[outcome.holds]}`)}`,
        `  ${(0,quantities/* sizeText */.lP)(read)} read, ${(0,quantities/* sizeText */.lP)(fresh)} new, ${(0,quantities/* sizeText */.lP)(stored)} stored`,
        `  ${(0,quantities/* durationText */.S5)(outcome.seconds)}, ${(0,quantities/* rateText */.cf)(read, outcome.seconds)}`,
        `  ${text_footing(outcome.full, outcome.leansOn)}`,
        ...(outcome.tool === undefined ? [] : [`  schema read by ${outcome.tool}`]),
        ...text_problemLines(outcome.problems, palette),
    ];
}
function text_footing(full, leansOn) {
    if (full)
        return 'full: stands on its own';
    return leansOn === 0 ? 'needs no older backup' : `leans on ${(0,quantities/* countText */.lT)(leansOn, 'older pack')}`;
}
function restoreLines(report, palette) {
    const { bold, green, yellow } = palette;
    const { unmade = [] } = report;
    const how = isShort(unmade) ? yellow(`restored, ${shortText(unmade)},`) : green('restored');
    return [
        `${bold(report.component)} ${how} from ${report.id} (${(0,quantities/* timeText */.Tc)(report.time)})`,
        `  ${(0,quantities/* sizeText */.lP)(report.bytes)} in ${(0,quantities/* durationText */.S5)(report.seconds)}, ${(0,quantities/* rateText */.cf)(report.bytes, report.seconds)}`,
        ...report.summary.map(line => `  ${indented(line)}`),
        ...safetyLines(report),
        ...unmadeLines(unmade, palette),
        ...text_problemLines(report.problems, palette),
    ];
}
function unmadeLines(unmade, palette) {
    const statements = laterStatements(unmade);
    return [
        ...text_problemLines(unmadeTexts(unmade), palette),
        ...(statements.length === 0
            ? []
            : ['  To make it as it was, once the reasons are gone:', ...statements.map(sql => `    ${indented(sql)}`)]),
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
        `  ${(0,quantities/* countText */.lT)(report.files.length, 'file')}, ${(0,quantities/* sizeText */.lP)(report.bytes)}, in ${report.directory}`,
        '  To restore it without Comeback, in that folder, with the key in a file outside of it:',
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

// EXTERNAL MODULE: ./build/report/packed-result.js
var packed_result = __webpack_require__(6989);
;// CONCATENATED MODULE: ./build/action/outputs.js
/** The outputs of the Action: which there are, what each is after a run, and how the runner takes them. */





/** In the order in which action.yml and README show them. Each is empty where it says nothing. */
const OUTPUTS = {
    status: 'How it went: for backup complete, partial (a file changed or vanished while it was read) or failed, the worst of the components; for the other commands ok or failed.',
    'backup-ids': 'The ids of the backups that were made, restored or exported, with commas between them.',
    verdict: 'Of verify: verified, failed or could-not-verify. Of check: failed if it found damage, verified if it read everything, with the key, and found none; could-not-verify if it could not look.',
    'bytes-new': 'Of backup: how many bytes no earlier backup held.',
    'bytes-total': 'How many bytes were read by a backup, or restored.',
    result: 'Of verify: all of it, as the input results of another job takes it.',
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
        case 'verify':
            return { status, verdict: report.verdict, result: (0,packed_result/* pack */.q)(report) };
        case 'check':
            return { status, verdict: verdictOf(report) };
        default:
            return { status };
    }
}
/** Of a run that threw. A check that could not run never passes. */
function outputsOfError(error, verb) {
    if (verb !== 'check' && verb !== 'verify')
        return { status: 'failed' };
    const found = error.code === 'damaged' || error.code === 'mismatch';
    const { code, message, hint } = error;
    const result = verb === 'verify' ? { result: (0,packed_result/* pack */.q)({ error: { code, message, hint } }) } : {};
    return { status: 'failed', verdict: found ? 'failed' : 'could-not-verify', ...result };
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
const LEFT_OUT = 'Names of tables, roles and hosts are left out here and in annotations. The log of the step has them; `summary-details: true` shows them.';
/** Returns the exit code. */
function sayReport(report, speech) {
    const { voice, now, details, log } = speech;
    const readable = voice.readable(report);
    const text = renderReport(readable, { palette: say_PLAIN, now, details });
    const code = exitCodeOf(report);
    log?.block(text);
    log?.line(`exit code ${code}`);
    voice.log.write(text);
    for (const annotation of reportAnnotations(report))
        voice.annotate(annotation);
    const result = (0,report_scrub/* scrubbed */.fG)(report, voice.scrub);
    leave(result, outputsOf(result), () => renderMarkdown(voice.public(report), { details, now }), speech);
    return code;
}
/** Returns the exit code. */
function sayError(thrown, speech) {
    const { voice, debug, verb, log } = speech;
    const known = (0,errors/* asComebackError */.Mx)(thrown);
    const { code, message, hint, exitCode } = known;
    const value = { code, message, hint };
    const readable = voice.readable(value);
    const causes = (0,printable/* printable */.g$)(voice.scrub(causesOf(thrown)));
    log?.block(`${renderError(readable, say_PLAIN)}\n${causes}`);
    log?.line(`exit code ${exitCode}`);
    voice.annotate(errorAnnotation(value));
    if (debug)
        voice.log.write(causes);
    const error = (0,report_scrub/* scrubbed */.fG)(value, voice.scrub);
    leave({ error }, outputsOfError(error, verb), () => markdownError(voice.public(value)), speech);
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
        attempt('The job summary', () => appendSummary(summaryFile, withoutNames(inputsInsteadOfFlags(summary()), voice)));
}
/** Says so where names were left out. */
function withoutNames(markdown, { veil }) {
    return veil?.used === true ? `${markdown}\n${LEFT_OUT}\n` : markdown;
}
/** Its path. Readable by its owner alone, as names of tables and files stand in it. */
function writeResult(folder, result) {
    const file = (0,external_node_path_.join)(folder, `comeback-${(0,external_node_crypto_.randomUUID)()}.json`);
    (0,external_node_fs_.writeFileSync)(file, `${JSON.stringify(result, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    return file;
}

// EXTERNAL MODULE: ./build/report/continued.js
var continued = __webpack_require__(3336);
;// CONCATENATED MODULE: ./build/action/told-results.js
/** What other jobs of the workflow found, as one result: theirs had the key, or ran code of a pull request; this one has neither. */



/** Stands for the result of a job that left none. */
const NONE = 'none';
/** The proof first, then what came of the database that it left. Throws what kept the proof from being made. */
function toldResults(results) {
    const [proof, next] = results.map(result => (result === NONE ? undefined : (0,packed_result/* unpack */.l)(result)));
    if (proof === undefined) {
        throw new errors/* ComebackError */.U$('could-not-verify', 'The job that was to verify left no result.', {
            hint: 'Its log says why.',
        });
    }
    if ('error' in proof) {
        const { code, message, hint } = proof.error;
        throw new errors/* ComebackError */.U$(code, message, { hint });
    }
    if (proof.command !== 'verify')
        throw new errors/* ComebackError */.U$('usage', 'The first of the results is no proof.');
    return (0,continued/* continued */.m)(proof, nextOf(next));
}
function nextOf(next) {
    return next === undefined || 'error' in next || next.command === 'continuation' ? next : undefined;
}

;// CONCATENATED MODULE: ./build/action/check-run.js
/**
 * The result as a check of a commit, with annotations. What could not be verified concludes as a failure: GitHub lets `neutral` and
 * `skipped` pass where a check is required, and tools know `action_required` less well; the title tells the two apart.
 */

/** In one request, and in all; GitHub shows few of them anyway. */
const BATCH = 50;
const MOST_ANNOTATIONS = 200;
/** Characters. */
const TITLE = 255;
const check_run_MESSAGE = 10_000;
const MADE = dist/* object */.Ikc({ id: dist/* number */.aig() });
/** Repeated, it makes another one that takes the place of the first. */
async function putCheckRun(api, run) {
    const { name, sha, verdict, title, summary, url } = run;
    const annotations = run.annotations.slice(0, MOST_ANNOTATIONS).map(check_run_shown);
    const output = (from) => ({
        title: title.slice(0, TITLE),
        summary,
        annotations: annotations.slice(from, from + BATCH),
    });
    const made = await api.ask('POST /repos/{owner}/{repo}/check-runs', {
        name,
        head_sha: sha,
        status: 'completed',
        conclusion: verdict === 'verified' ? 'success' : 'failure',
        ...(url === undefined ? {} : { details_url: url }),
        output: output(0),
    });
    const { id } = dist/* parse */.qgA(MADE, made.data);
    for (let from = BATCH; from < annotations.length; from += BATCH) {
        await api.ask('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', { check_run_id: id, output: output(from) });
    }
}
/** On the first line, as nobody knows a better one. */
function check_run_shown({ path, level, title, message }) {
    return {
        path,
        start_line: 1,
        end_line: 1,
        annotation_level: level,
        title: title.slice(0, TITLE),
        message: message.slice(0, check_run_MESSAGE) || title,
    };
}

;// CONCATENATED MODULE: ./build/action/comment.js
/**
 * One comment of a pull request, kept up to date. It is known again by a hidden marker at its beginning and by its author: anybody
 * can write a marker, and would keep the right to change what stands below it. Runs side by side may each write one, as GitHub
 * has no way to write only if there is none; so each looks again, and all keep the oldest.
 */


const comment_PER_PAGE = 100;
const MARKER = /^\s*<!-- comeback:verify (\S+) run (\d+)\.(\d+) -->/;
const COMMENT = dist/* object */.Ikc({
    id: dist/* number */.aig(),
    body: dist/* nullish */.cl6(dist/* string */.YjP()),
    user: dist/* nullish */.cl6(dist/* object */.Ikc({ login: dist/* string */.YjP(), type: dist/* optional */.lqM(dist/* string */.YjP()) })),
});
const PULLS = dist/* array */.YOg(dist/* object */.Ikc({ number: dist/* number */.aig(), head: dist/* object */.Ikc({ sha: dist/* string */.YjP() }) }));
/** May be repeated after any failure. `newer`: a later run has written already. */
async function putComment(api, comment) {
    const { pull, run } = comment;
    const body = `${markerOf(comment)}\n${comment.markdown}`;
    const before = await ours(api, comment);
    if (before.length === 0) {
        await api.ask('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', { issue_number: pull, body });
        const [oldest, ...younger] = await ours(api, comment);
        if (oldest !== undefined && younger.length > 0)
            await settle(api, oldest, younger, body, comment);
        return 'written';
    }
    const [oldest, ...younger] = before;
    if (before.some(other => isLater(other, run)))
        return 'newer';
    if (oldest !== undefined)
        await settle(api, oldest, younger, body, comment);
    return 'updated';
}
/** The number of the open pull request whose last commit that is. */
async function pullBehind(api, { head, sha }) {
    const { data } = await api.ask('GET /repos/{owner}/{repo}/pulls', { state: 'open', head, per_page: comment_PER_PAGE });
    return dist/* parse */.qgA(PULLS, data).find(pull => pull.head.sha === sha)?.number;
}
/** The oldest one gets the text, the others go. */
async function settle(api, oldest, younger, body, { run }) {
    // A later run that wrote at the same time looks again, too, and settles it.
    if (younger.some(other => isLater(other, run)))
        return;
    const route = '/repos/{owner}/{repo}/issues/comments/{comment_id}';
    if (!isLater(oldest, run))
        await api.ask(`PATCH ${route}`, { comment_id: oldest.id, body });
    for (const { id } of younger) {
        await api.ask(`DELETE ${route}`, { comment_id: id }).catch((error) => {
            // The other run was faster.
            if (statusOf(error) !== 404)
                throw error;
        });
    }
}
/** Those of this name, the oldest first. */
async function ours(api, { pull, name }) {
    const me = await api.whoAmI();
    const found = [];
    const route = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments';
    for await (const item of allOf(api, route, { issue_number: pull })) {
        const { id, body, user } = dist/* parse */.qgA(COMMENT, item);
        const [, itsName, run, attempt] = MARKER.exec(body ?? '') ?? [];
        if (itsName === encoded(name) && isMine(user, me))
            found.push({ id, run: Number(run), attempt: Number(attempt) });
    }
    return found.sort((a, b) => a.id - b.id);
}
/** Where GitHub does not tell whose token it is: a bot's, as no person can write as one. */
function isMine(user, me) {
    if (user === null || user === undefined)
        return false;
    const plain = (login) => login.replace(/\[bot\]$/, '');
    return me === undefined ? user.type === 'Bot' : plain(user.login) === plain(me);
}
function isLater(other, { id, attempt }) {
    return other.run > Number(id) || (other.run === Number(id) && other.attempt > Number(attempt));
}
function markerOf({ name, run }) {
    return `<!-- comeback:verify ${encoded(name)} run ${run.id}.${run.attempt} -->`;
}
/** Without blanks, and without what could end the marker. */
function encoded(name) {
    return encodeURIComponent(name).replaceAll('--', '-%2D');
}

;// CONCATENATED MODULE: ./build/action/event.js
/** What started the run, as far as comments and checks need it: the pull request and its last commit. */


const DEPENDABOT = 'dependabot[bot]';
/** Who can open a pull request chooses the branch's name, so it is never more than a word that GitHub is asked for. */
const COMMIT = dist/* pipe */.FsL(dist/* string */.YjP(), dist/* regex */.yGV(/^[0-9a-f]{40}$/));
const NUMBER = dist/* pipe */.FsL(dist/* number */.aig(), dist/* integer */.ndf(), dist/* minValue */.Wwf(1));
const REPOSITORY = dist/* nullish */.cl6(dist/* object */.Ikc({ full_name: dist/* string */.YjP() }));
const EVENT = dist/* object */.Ikc({
    pull_request: dist/* optional */.lqM(dist/* object */.Ikc({
        number: NUMBER,
        head: dist/* object */.Ikc({ sha: COMMIT, repo: REPOSITORY }),
        user: dist/* nullish */.cl6(dist/* object */.Ikc({ login: dist/* string */.YjP() })),
    })),
    workflow_run: dist/* optional */.lqM(dist/* object */.Ikc({
        head_branch: dist/* nullish */.cl6(dist/* string */.YjP()),
        head_sha: COMMIT,
        head_repository: REPOSITORY,
        event: dist/* optional */.lqM(dist/* string */.YjP()),
        pull_requests: dist/* optional */.lqM(dist/* array */.YOg(dist/* object */.Ikc({ number: NUMBER }))),
    })),
});
/** An event that cannot be read is one of no pull request; `problem` says why. */
function eventFacts(environment) {
    const { GITHUB_EVENT_PATH: file = '', GITHUB_SHA: commit, GITHUB_REPOSITORY: repository, GITHUB_ACTOR: actor, } = environment;
    const own = commit === undefined || commit === '' ? {} : { sha: commit };
    if (file === '')
        return { ...own, readOnly: false };
    try {
        const { pull_request: pull, workflow_run: run } = dist/* parse */.qgA(EVENT, JSON.parse((0,external_node_fs_.readFileSync)(file, 'utf8')));
        if (pull !== undefined) {
            // Whoever pushes to a branch of Dependabot's starts the run, and is not who wrote what it holds.
            const foreign = pull.head.repo?.full_name !== repository || [pull.user?.login, actor].includes(DEPENDABOT);
            return { pull: pull.number, sha: pull.head.sha, readOnly: foreign };
        }
        if (run?.event !== 'pull_request')
            return { ...own, readOnly: false };
        const [known] = run.pull_requests ?? [];
        const owner = run.head_repository?.full_name.split('/')[0];
        return {
            ...own,
            ...(known === undefined ? {} : { pull: known.number }),
            ...(owner === undefined || !run.head_branch
                ? {}
                : { behind: { head: `${owner}:${run.head_branch}`, sha: run.head_sha } }),
            readOnly: false,
        };
    }
    catch (error) {
        return { ...own, readOnly: false, problem: error instanceof Error ? error.message : String(error) };
    }
}

;// CONCATENATED MODULE: ./build/action/verify-posts.js
/**
 * The verdict where people look: a comment of the pull request, and a check of the commit. Neither may change how the run ends:
 * what keeps them from being written is a warning that says which right is missing.
 */













/** Milliseconds for all of it. */
const verify_posts_PATIENCE = 120_000;
/** Never rejects. */
async function postVerdict(ending, posting) {
    const { request, environment, signal, voice, debug } = posting;
    const { command, comment, checkRun, options } = request;
    if (command.verb !== 'verify' || !(comment || checkRun))
        return;
    // Whatever cancelled it, a newer run of the same pull request most of the time, has the word now.
    if (signal.aborted || asCancelled(ending))
        return debug('No comment and no check of a run that was cancelled.');
    const event = eventFacts(environment);
    if (event.problem !== undefined)
        debug(`The event could not be read: ${event.problem}`);
    const { repository, apiUrl } = githubContext(environment, undefined);
    const { githubToken: token } = options;
    if (repository === undefined || token === undefined) {
        const lacking = repository === undefined ? 'GITHUB_REPOSITORY is not set' : 'there is no github-token';
        warn(voice, `No comment and no check could be written: ${lacking}.`);
        return;
    }
    const limited = AbortSignal.any([signal, AbortSignal.timeout(verify_posts_PATIENCE)]);
    try {
        const api = await openGitHubApi({ repository, token, apiUrl, signal: limited });
        const post = postOf(ending, posting, event);
        if (comment)
            await writeComment(api, post, event, posting, limited);
        if (checkRun)
            await writeCheckRun(api, post, event, posting, limited);
    }
    catch (error) {
        warn(voice, `No comment and no check could be written: ${(0,errors/* asComebackError */.Mx)(error).message}`);
    }
}
async function writeComment(api, post, event, posting, signal) {
    const { environment, request, debug } = posting;
    const right = 'pull-requests: write';
    await verify_posts_attempt('write the comment', right, event, posting, async () => {
        const { behind } = event;
        const pull = event.pull ??
            (behind === undefined ? undefined : await withPatience(() => pullBehind(api, behind), signal, posting.pause));
        if (pull === undefined)
            return debug('There is no pull request to comment.');
        const comment = {
            pull,
            name: [workflowFile(environment), environment.GITHUB_JOB ?? '', componentsText(request)].join('/'),
            run: { id: environment.GITHUB_RUN_ID || '0', attempt: environment.GITHUB_RUN_ATTEMPT || '1' },
            markdown: post.markdown,
        };
        const result = await withPatience(() => putComment(api, comment), signal, posting.pause);
        debug(`The comment of pull request ${pull}: ${result}.`);
    });
}
async function writeCheckRun(api, post, event, posting, signal) {
    const { request, environment, debug } = posting;
    const { sha } = event;
    // A required check must not pass on a commit of which nothing was looked at.
    if (post.recorded)
        return debug('No check of a commit for a proof that was made before.');
    if (sha === undefined)
        return debug('There is no commit to check.');
    await verify_posts_attempt('write the check', 'checks: write', event, posting, async () => {
        const components = componentsText(request);
        const run = {
            name: `Comeback proof${components === 'all' ? '' : `: ${components}`}`,
            sha,
            verdict: post.verdict,
            title: post.title,
            summary: post.markdown,
            annotations: post.annotations,
            url: runUrl(environment),
        };
        await withPatience(() => putCheckRun(api, run), signal, posting.pause);
    });
}
async function verify_posts_attempt(what, right, event, { voice }, errand) {
    try {
        await errand();
    }
    catch (error) {
        const { code, message, hint } = explained(error, what, right, event.readOnly);
        // Nothing that anybody could put right.
        const level = code === 'permission' && event.readOnly ? 'notice' : 'warning';
        voice.annotate({ level, title: 'Comeback', text: hint === undefined ? message : `${message}\n${hint}` });
    }
}
function postOf(ending, posting, { sha }) {
    const { request, environment, voice, now } = posting;
    const origin = { run: runUrl(environment), commit: sha };
    if (ending.report?.command === 'verify') {
        const { migration, ...proved } = ending.report;
        // What a migration does is told by the names that it is written with.
        const report = { ...voice.public(proved), ...(migration && { migration: voice.readable(migration) }) };
        const markdown = briefVerifyMarkdown(report, { details: request.summaryDetails, now }, origin);
        return {
            verdict: report.verdict,
            title: verifyTitle(report),
            markdown: inputsInsteadOfFlags(markdown),
            annotations: verify_posts_annotationsOf(report, posting),
            recorded: report.kind === 'recorded',
        };
    }
    const error = (0,errors/* asComebackError */.Mx)(ending.report === undefined ? ending.error : undefined);
    const { code, message, hint } = voice.public({ code: error.code, message: error.message, hint: error.hint });
    const verdict = outputsOfError(error, 'verify').verdict === 'failed' ? 'failed' : 'could-not-verify';
    return {
        verdict,
        title: message,
        markdown: inputsInsteadOfFlags(briefErrorMarkdown({ code, message, hint }, verdict, origin)),
        annotations: [
            {
                path: workflowPath(environment),
                level: 'failure',
                title: `Comeback: ${code}`,
                message: withHint(message, hint),
            },
        ],
        recorded: request.options.recorded,
    };
}
function verify_posts_annotationsOf({ proofs, migration }, posting) {
    const all = [
        ...(migration?.findings ?? []).map(finding => ({ ...finding, of: 'migration' })),
        ...proofs.flatMap(({ component, findings }) => findings.map(finding => ({ ...finding, of: component }))),
    ];
    const levels = { failed: 'failure', 'could-not-verify': 'warning', note: 'notice' };
    return all.map(({ code, subject, message, hint, of }) => ({
        path: (code.startsWith('assertion-') ? assertionPath(subject, posting) : undefined) ??
            workflowPath(posting.environment),
        level: levels[(0,proof_words/* weightOf */.mm)(code)],
        title: `Comeback: ${of}, ${code}`,
        message: inputsInsteadOfFlags(withHint(subject === '' ? message : `${subject}: ${message}`, hint)),
    }));
}
/** In the repository; undefined if the file is somewhere else. */
function assertionPath(name, { request, cwd }) {
    const { assertions } = request.options;
    if (assertions === undefined)
        return undefined;
    const file = (0,external_node_path_.resolve)(cwd, assertions, `${name}.sql`);
    const path = (0,external_node_path_.relative)(cwd, file);
    // Where the results of other jobs are told, nothing is checked out.
    const isThere = request.results.length > 0 || (0,external_node_fs_.existsSync)(file);
    return (0,external_node_path_.isAbsolute)(path) || path.split(external_node_path_.sep)[0] === '..' || !isThere ? undefined : path.split(external_node_path_.sep).join('/');
}
function withHint(message, hint) {
    return hint === undefined ? message : `${message}\n${hint}`;
}
function asCancelled(ending) {
    return ending.report === undefined && (0,errors/* asComebackError */.Mx)(ending.error).code === 'cancelled';
}
/** `.github/workflows/verify.yml`, the caller's where the workflow is called. */
function workflowPath({ GITHUB_WORKFLOW_REF: ref = '' }) {
    return /^[^/]+\/[^/]+\/([^@]+)@/.exec(ref)?.[1] ?? '.github/workflows';
}
function workflowFile(environment) {
    const path = workflowPath(environment);
    return path.endsWith('workflows') ? (environment.GITHUB_WORKFLOW ?? '') : (path.split('/').at(-1) ?? path);
}
function componentsText({ command }) {
    const components = 'components' in command ? command.components : [];
    return components.length === manifest/* COMPONENTS */.$j.length ? 'all' : components.join(', ');
}
function runUrl(environment) {
    const { serverUrl, repository } = githubContext(environment, undefined);
    const { GITHUB_RUN_ID: id = '' } = environment;
    return repository === undefined || id === '' ? undefined : `${serverUrl}/${repository}/actions/runs/${id}`;
}
function warn(voice, text) {
    voice.annotate({ level: 'warning', title: 'Comeback', text });
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




function createVoice(stdout, scrub, veil) {
    const lines = withoutCommands(stdout);
    const clean = (text) => (0,printable/* printable */.g$)(scrub(text));
    const cover = (text) => veil?.cover(text) ?? text;
    return {
        scrub,
        veil,
        log: { write: text => lines.write(inputsInsteadOfFlags(text)) },
        annotate({ level, title, text }) {
            const whole = clean(text);
            const shown = cover(whole);
            // An annotation is all that the log gets of it, otherwise.
            if (shown !== whole)
                lines.write(`${inputsInsteadOfFlags(whole)}\n`);
            stdout.write(annotationLine({ level, title: (0,printable/* onOneLine */.GJ)(scrub(title)), text: inputsInsteadOfFlags(shown) }));
        },
        readable: value => (0,report_scrub/* scrubbed */.fG)(value, clean),
        public: value => {
            const readable = (0,report_scrub/* scrubbed */.fG)(value, clean);
            return veil?.covered(readable) ?? readable;
        },
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
        const { command, summaryDetails, options } = request;
        const veil = summaryDetails ? undefined : createVeil();
        for (const url of [options.databaseUrl, options.targetUrl])
            if (url !== undefined)
                veil?.learnUrl(url);
        const voice = createVoice(stdout, (0,report_scrub/* scrubber */.ty)(key === undefined ? secrets : [...secrets, key]), veil);
        return await perform(request, surroundings, () => ({
            ...speech(voice),
            details: summaryDetails,
            verb: command.verb,
        }));
    }
    catch (error) {
        return sayError(error, speech(createVoice(stdout, (0,report_scrub/* scrubber */.ty)(secrets), createVeil())));
    }
}
async function perform(request, surroundings, speech) {
    const { command, options, alarm, watch } = request;
    const { cwd, environment, stdout, signal, program = '' } = surroundings;
    const { now = () => new Date(), clock = () => performance.now() } = surroundings;
    const { voice } = speech();
    const { scrub } = voice;
    const display = plainDisplay({ output: voice.log, palette: createPalette(false), scrub, now: clock });
    const warn = (text) => voice.annotate({ level: 'warning', title: 'Comeback', text });
    const log = startLog(command, options, { cwd, now, scrub, warn });
    const github = githubContext(environment, runOf(environment));
    const notices = startNotices(command, options, { github, now, scrub, warn });
    const alarming = { watch, token: options.githubToken, github, warn, say: display.line, signal };
    const stopping = () => display.line('Stopping.');
    signal.addEventListener('abort', stopping, { once: true });
    const debug = (text) => {
        if (isSet(environment.RUNNER_DEBUG))
            stdout.write(debugLine(scrub(text)));
    };
    const post = (ending) => postVerdict(ending, { request, environment, cwd, voice, now: now(), signal, debug });
    const cache = await restoreCache({ verb: command.verb, options, wanted: request.cache, environment, signal, debug });
    try {
        const job = request.results.length === 0 ? surroundings.runJob : async () => toldResults(request.results);
        const report = await withDeadline(options.timeout, signal, limited => job(command, options, {
            ...contextOf(request, surroundings),
            ...(cache === undefined ? {} : { memory: cache.folder }),
            progress: event => {
                if (event.type === 'names')
                    return voice.veil?.learn(event.names);
                log?.event(event);
                if (isRemark(event))
                    voice.annotate(remarkAnnotation(event));
                else
                    display.report(event);
            },
            signal: limited,
        }));
        if (report.command === 'verify' && report.left !== undefined)
            leaveProgram(options.gateInto, cwd, program);
        const exitCode = sayReport(report, { ...speech(), log });
        await notices.ended({ exitCode, report });
        await post({ exitCode, report });
        if (alarm && report.command === 'status')
            await ringAlarm({ ...alarming, now: now(), report: (0,report_scrub/* scrubbed */.fG)(report, scrub) });
        return exitCode;
    }
    catch (error) {
        const exitCode = sayError(error, { ...speech(), log });
        await notices.ended({ exitCode, error });
        await post({ exitCode, error });
        if (alarm) {
            const { code, message, hint } = (0,errors/* asComebackError */.Mx)(error);
            await ringAlarm({ ...alarming, now: now(), error: (0,report_scrub/* scrubbed */.fG)({ code, message, hint }, scrub) });
        }
        return exitCode;
    }
    finally {
        signal.removeEventListener('abort', stopping);
        log?.close();
        await cache?.save();
    }
}
function contextOf({ key, configuration }, { environment, cwd }) {
    return {
        cwd,
        key,
        ci: true,
        environment,
        ...(configuration === undefined ? {} : { configuration }),
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
    return {
        id,
        attempt: attempt || '1',
        retentionDays: Number.isInteger(days) && days > 0 ? days : undefined,
        ...(environment.GITHUB_REF_NAME ? { branch: environment.GITHUB_REF_NAME } : {}),
    };
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


/***/ })

};

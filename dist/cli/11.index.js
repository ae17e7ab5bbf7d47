export const id = 11;
export const ids = [11];
export const modules = {

/***/ 1011:
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




const NAMES = new Map(build_options/* OPTION_NAMES */.TM.map(name => [(0,build_options/* kebab */.i9)(name), name]));
const PARSER_OPTIONS = {
    ...Object.fromEntries(build_options/* OPTION_NAMES */.TM.map(name => [
        (0,build_options/* kebab */.i9)(name),
        { type: build_options/* OPTIONS */.lw[name].type === 'flag' ? 'boolean' : 'string' },
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
        const { type } = build_options/* OPTIONS */.lw[name];
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
    verify: {
        operands: '[all|database|files|config] [--at latest|YYYY-MM-DD|TIME|ID]',
        summary: 'Restore a backup into a disposable database and compare every byte.',
        about: [
            'Restores the backup for real, the database into the empty one of --target-url, files and configuration into a temporary folder, reads everything back and compares it with what was backed up. Then the place is emptied again, and a record of the proof goes into the store.',
            'The server must have the major version of the one that was backed up, and be marked with --disposable. The exit code is 0 for verified, 3 for failed, 4 for could not be verified: a check that did not run never passes.',
            'With --assertions your own queries are asked of the restored database; with --migrate a command runs against it, and the report says what it changed, what it locked and for how long.',
        ],
        examples: [
            'comeback verify --target-url postgresql://localhost/scratch --disposable',
            'comeback verify files --at 2026-11-23',
            'comeback verify database --disposable --migrate ./migrate.sh',
            'comeback verify --recorded',
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
        about: [
            'Names the last good backup of each component. With --max-age it fails when one is older, with --max-proof-age when the last proof is.',
        ],
        examples: ['comeback status', 'comeback status database --max-age 26h', 'comeback status --max-proof-age 8d'],
    },
    report: {
        operands: '[all|database|files|config] --html FILE',
        summary: 'Write a page of the last year: a calendar, charts, and how to restore any day.',
        about: [
            'Writes one HTML page that needs no network: each day with its backups and proofs, the state of each component, size, new bytes, time to restore and the longest gap, and for any day the command that restores it. The key is not needed.',
            'In a workflow, publish it with actions/upload-artifact, or put it as index.html into a folder for actions/upload-pages-artifact and actions/deploy-pages. The page names the store, its backups and why some failed: anyone who can read the Pages can read that.',
        ],
        examples: ['comeback report --html report.html', 'comeback report database --html ./site/index.html'],
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
    copy: {
        operands: '[all|database|files|config] [--from LOCATION] --to LOCATION',
        summary: 'Copy backups into another store, such as from artifacts into a bucket.',
        about: [
            'Copies backups and their proofs as they are, under the same key, and checks every object on the way. What the other store has already is not copied again, so a copy that was interrupted goes on where it was; what it has under the same name with other bytes is an error, and stays.',
            'Without a choice all backups go; --at copies one, --keep-monthly 12 and its like those that such a rule holds. The plan says what such a rule asks for and the other store cannot keep. With the key only authentic backups are copied; it is not needed.',
            'Prune the other store by the same rules: by age alone it would let old backups go again.',
        ],
        examples: [
            'comeback copy --from artifact:OWNER/REPO --to s3://BUCKET/PREFIX',
            'comeback copy database --to file:/mnt/disk --keep-monthly 12',
            'comeback copy --to file:/mnt/disk --at 2026-11-23 --dry-run',
        ],
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
            'Writes four workflows (comeback-backup.yml, -restore.yml, -verify.yml and -watch.yml) into .github/workflows of the repository in this folder, and says which secrets they need. On a terminal it asks what no option says.',
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
            throw usage('No verb was given.', `The verb comes first: comeback ${build_options/* VERBS */.hU.join('|')} ...`);
        }
        return { kind: 'help', verb: undefined, asked: args.help };
    }
    const verb = verbNamed(word);
    if (args.help)
        return { kind: 'help', verb, asked: true };
    const command = verb === 'restore' && args.given.has('discard') ? discardCommand(operands) : commandOf(verb, operands, isUndo(args));
    refuseForeignOptions(verb, args.given.keys(), {
        verbs: build_options/* VERBS */.hU,
        spell: build_options/* flag */.Jt,
        more: ` comeback help ${verb} lists what it takes.`,
    });
    const options = resolveOptions(verb, args.given, environment);
    if (options.undo && operands.length > 1) {
        throw usage(`restore --undo brings back what the target held before, and cannot use ${operands.slice(1).map(quoted).join(' ')}.`, `Usage: comeback restore ${operands[0]} --undo`);
    }
    if (verb === 'export' && options.into === undefined) {
        throw usage('export needs a folder to write to.', `Name it: comeback export ${operands.join(' ')} --into DIR`);
    }
    if (verb === 'copy' && options.to === undefined) {
        throw usage('copy needs to know where to.', 'Name the other store: comeback copy --to s3://BUCKET/PREFIX');
    }
    if (verb === 'report' && options.html === undefined) {
        throw usage('report needs a file to write to.', 'Name it: comeback report --html report.html');
    }
    return { kind: 'job', command, options };
}
function verbNamed(word) {
    const verb = build_options/* VERBS */.hU.find(verb => verb === word);
    if (verb !== undefined)
        return verb;
    const near = nearest(word, [...build_options/* VERBS */.hU, 'help']);
    throw usage(`There is no verb ${quoted(word)}.`, near === undefined ? `The verbs are: ${build_options/* VERBS */.hU.join(', ')}, help.` : `Did you mean comeback ${near}?`);
}
/** The newest safety backup of the target is meant, and no other can be. */
function isUndo({ given }) {
    return given.has('undo') && given.get('undo')?.at(-1) !== 'false';
}
function commandOf(verb, operands, undo) {
    const [first, second, ...more] = operands;
    switch (verb) {
        case 'backup':
        case 'verify':
        case 'list':
        case 'status':
        case 'report':
        case 'check':
        case 'prune':
        case 'copy':
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
    const rows = (verb === undefined ? families(names) : names.map(name => [name])).map(family => {
        const verbs = verb === undefined ? family.slice(0, 1).map(verbsOf) : [];
        return [family.map(name => code(options_table_usage(name))).join(', '), ...verbs, family.map(meaning).join(' ')];
    });
    return [heads, heads.map(() => '---'), ...rows].map(cells => `| ${cells.map(escaped).join(' | ')} |\n`).join('');
}
/** `--lanes N`, `--mode atomic|parallel`, `--json`. */
function options_table_usage(name) {
    const spec = build_options/* OPTIONS */.lw[name];
    if (spec.type === 'flag')
        return `--${(0,build_options/* kebab */.i9)(name)}`;
    return `--${(0,build_options/* kebab */.i9)(name)} ${spec.type === 'choice' ? spec.choices.join('|') : spec.placeholder}`;
}
/** Neighbours with the same first word and the same verbs share a row: the whole table is long enough. */
function families(names) {
    const rows = [];
    for (const name of names) {
        const row = rows.at(-1);
        if (row?.[0] !== undefined && firstWord(row[0]) === firstWord(name) && verbsOf(row[0]) === verbsOf(name))
            row.push(name);
        else
            rows.push([name]);
    }
    return rows;
}
function firstWord(name) {
    return kebab(name).replace(/-.*/, '');
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
        [bold('Verbs'), ...[...build_options/* VERBS */.hU, 'help'].flatMap(verb => entry(verb, summaryOf(verb), 11))],
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
            ...entry('COMEBACK_...', `Each option: --store is ${(0,build_options/* variablesOf */.ht)('store')[0]}, --key-file ${(0,build_options/* variablesOf */.ht)('keyFile')[0]}. A flag goes first. Lists have one value a line.`),
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
        [bold('Options'), ...(0,build_options/* optionsOf */.cz)(verb).flatMap(name => entry(options_table_usage(name), explanation(name)))],
        wrapped(`Each option is an environment variable, too: --${(0,build_options/* kebab */.i9)('keyFile')} is ${(0,build_options/* variablesOf */.ht)('keyFile')[0]}.`, WIDTH, 0),
    ]);
}
function summaryOf(verb) {
    return verb === 'help' ? 'Show this page, or what a verb takes.' : VERB_HELP[verb].summary;
}
function explanation(name) {
    const spec = build_options/* OPTIONS */.lw[name];
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
    const phase = (0,printable/* onOneLine */.GJ)(scrub(count.phase));
    const numbers = [...numbersOf(count, now)];
    const room = () => width - name.length - (0,printable/* widthOf */.qz)(numbers.join('  ')) - 2;
    while (numbers.length > 0 && room() < Math.min(PHASE_LEAST, (0,printable/* widthOf */.qz)(phase)))
        numbers.pop();
    if (numbers.length === 0)
        return (0,printable/* fitted */.$5)(name + phase, width);
    const shortened = (0,printable/* fitted */.$5)(phase, room());
    const padding = Math.max(0, Math.min(PHASE_COLUMNS, room()) - (0,printable/* widthOf */.qz)(shortened));
    return (0,printable/* fitted */.$5)(`${name}${shortened}${' '.repeat(padding)}  ${numbers.join('  ')}`, width);
}
/** Goes back to the first of the lines and clears to the end, also if the terminal became narrower since. */
function erasing(lines, columns) {
    if (lines.length === 0)
        return '';
    const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil((0,printable/* widthOf */.qz)(line) / Math.max(1, columns))), 0);
    return `\r${rows > 1 ? `\x1b[${rows - 1}A` : ''}\x1b[J`;
}

;// CONCATENATED MODULE: ./build/report/unmade-words.js

/** Groups, names of one group, and statements that are shown; `--json` has them all. */
const GROUPS = 20;
const unmade_words_NAMES = 5;
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
        const names = group.slice(0, unmade_words_NAMES).map(({ entry }) => entry);
        const more = group.length > unmade_words_NAMES ? ` and ${group.length - unmade_words_NAMES} more` : '';
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
        `  ${amountText(present)}${present.objects === named.objects ? '' : ` of ${named.objects.toLocaleString('en')}`} there with the right size`,
        ...(read.objects === 0 ? [] : [`  ${amountText(read)} read, with the right SHA-256`]),
        ...(opened === 0
            ? []
            : [`  ${(0,quantities/* countText */.lT)(opened, 'object')} decrypted, ${(0,quantities/* countText */.lT)(chunks, 'chunk')} with the right content`]),
        ...(placeholders === 0 ? [] : [dim(`  ${(0,quantities/* countText */.lT)(placeholders, 'placeholder')} of failed runs`)]),
        ...(orphans.objects === 0 ? [] : [dim(`  harmless: ${amountText(orphans)} that no backup names`)]),
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
function amountText({ objects, bytes }) {
    return `${(0,quantities/* countText */.lT)(objects, 'object')} (${(0,quantities/* sizeText */.lP)(bytes)})`;
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

;// CONCATENATED MODULE: ./build/report/text-list.js
/** The table of `comeback list`. */



/** Foreign names shown; the rest are counted. */
const FOREIGN_SHOWN = 5;
/** Milliseconds before the store drops a backup from which on that is noted. */
const SOON = 7 * 24 * 60 * 60 * 1000;
function renderList(report, palette, times) {
    const { store, backups, foreign } = report;
    const notes = foreignLines(foreign, palette);
    if (backups.length === 0)
        return [`No backups in ${store}.`, ...notes];
    const doubtful = backups.some(({ authenticated, status }) => !authenticated && status !== 'damaged' && status !== 'unread');
    const failed = backups.filter(({ status }) => status === 'failed').length;
    const stored = backups.reduce((sum, backup) => sum + backup.stored, 0);
    return [
        ...table(backups, columns(backups, palette, times), palette, times),
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
                ? marked(statuses[statusOf(backup)], backup)
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
        { head: 'KIND', cell: backup => ({ text: kindText(backup), style: backup.holds ? yellow : dim }) },
    ];
}
function statusOf({ status, proof }) {
    return status === 'complete' && proof?.verdict === 'verified' ? 'verified' : status;
}
/** `on 2`: it needs packs of two older ones. That it is not of everything matters more. */
function kindText({ holds, full, leansOn }) {
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
function table(backups, columns, palette, { now }) {
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
function foreignLines(foreign, { yellow }) {
    if (foreign.length === 0)
        return [];
    const more = foreign.length - FOREIGN_SHOWN;
    return [
        `${yellow('not of a backup')}, left alone: ${foreign.slice(0, FOREIGN_SHOWN).map(printable/* onOneLine */.GJ).join(', ')}${more > 0 ? `, and ${more} more` : ''}`,
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
        ...backups.flatMap(backup => text_prune_backupLines(backup, palette)),
        ...leftovers.flatMap(({ component, id, objects, bytes }) => rowLines('remove', component, id, bytes, `left over: ${(0,quantities/* countText */.lT)(objects, 'object')} without a record`, palette)),
        '',
        ...wrapped(`The rule: ${report.policy.join(', ')}.`, text_prune_WIDTH, 2),
        ...wrapped(sumText(report), text_prune_WIDTH, 2),
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
    if ((0,printable/* widthOf */.qz)(why) <= text_prune_WIDTH - REASONS_AT)
        return [`${head}  ${dim(why)}`];
    const margin = ' '.repeat(first + 2);
    return [head.trimEnd(), ...wrapped(why, text_prune_WIDTH - margin.length, 0).map(line => margin + dim(line))];
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
    const [first = '', ...more] = wrapped(`${label} ${(0,printable/* onOneLine */.GJ)(message)}`, text_prune_WIDTH, 2);
    return [
        style(label) + first.slice(label.length),
        ...more,
        ...(hint === undefined ? [] : wrapped(`  hint: ${(0,printable/* onOneLine */.GJ)(hint)}`, text_prune_WIDTH, 4)),
    ];
}

;// CONCATENATED MODULE: ./build/report/space-words.js
/** What a forecast says, and what it takes for granted: in the terminal, in a summary, in the alarm. */

function forecastText({ bytes, came }) {
    return `In 30 days the store holds up to ${(0,quantities/* sizeText */.lP)(bytes)}, if as much comes as in the last 30 (${(0,quantities/* sizeText */.lP)(came)}) and retention removes nothing.`;
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
                ? [palette.green(`Nothing is overdue: no last good backup is older than ${limitText(maxAge)}.`)]
                : [palette.red(`OVERDUE: ${late.join(', ')}. No good backup within ${limitText(maxAge)}.`)]),
        ...(maxProofAge === undefined
            ? []
            : unproved.length === 0
                ? [palette.green(`Proofs are in time: none is older than ${limitText(maxProofAge)}.`)]
                : [palette.red(`OVERDUE: ${unproved.join(', ')}. No backup verified within ${limitText(maxProofAge)}.`)]),
        ...spaceLines(space, palette),
        ...(report.unauthenticated === true ? wrapped(standing_words/* NO_KEY */.SH, text_status_WIDTH, 0).map(palette.yellow) : []),
        ...(report.left === undefined ? [] : wrapped((0,printable/* onOneLine */.GJ)((0,standing_words/* leftText */.$)(report.left)), text_status_WIDTH, 2).map(palette.yellow)),
        palette.dim(`in ${store}`),
    ];
}
function spaceLines(space, { dim, red, yellow }) {
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
        ...since.flatMap(later => laterLines(later, palette)),
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
function laterLines({ id, status, reason }, { red, yellow }) {
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
function limitText(ages) {
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
function findingLine({ code, subject, message }, { red, yellow }) {
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
const SHOWN = 10;
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
            ...findingLine(finding, palette),
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
    const more = items.length - SHOWN;
    return [
        `  ${what}:`,
        ...items.slice(0, SHOWN).flatMap(item => wrapped(`    ${text(item)}`, text_migration_WIDTH, 6)),
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
            return [...findingLine(finding, palette), ...advice.flatMap(hint => wrapped(`    hint: ${hint}`, text_verify_WIDTH, 6))];
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
    return `${linesOf(report, rendering).join('\n')}\n`;
}
function linesOf(report, { palette, now, zone, details = true }) {
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
        `  ${footing(outcome.full, outcome.leansOn)}`,
        ...(outcome.tool === undefined ? [] : [`  schema read by ${outcome.tool}`]),
        ...text_problemLines(outcome.problems, palette),
    ];
}
function footing(full, leansOn) {
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
        zone: stdout.isTTY === true && !isCi(environment) ? zoneBesidesUtc() : undefined,
    };
}
function zoneBesidesUtc() {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    return /^(Etc\/)?(UTC|UCT|GMT|Greenwich|Universal|Zulu)$/.test(timeZone) ? undefined : timeZone;
}
/** Returns the exit code. */
function sayReport(report, now, voice, log) {
    const safe = (0,report_scrub/* scrubbed */.fG)(report, voice.scrub);
    const readable = (0,report_scrub/* scrubbed */.fG)(safe, printable/* printable */.g$);
    if (voice.json)
        sayJson(safe, voice);
    else
        voice.stdout.write(renderReport(readable, { palette: voice.out, now, zone: voice.zone }));
    const code = exitCodeOf(report);
    log?.block(renderReport(readable, { palette: voice_PLAIN, now }));
    log?.line(`exit code ${code}`);
    return code;
}
/** Returns the exit code. */
function sayError(error, voice, log) {
    const known = (0,errors/* asComebackError */.Mx)(error);
    const { code, message, hint, exitCode } = known;
    const value = (0,report_scrub/* scrubbed */.fG)({ code, message, hint }, voice.scrub);
    const readable = (0,report_scrub/* scrubbed */.fG)(value, printable/* printable */.g$);
    const causes = (0,printable/* printable */.g$)(voice.scrub(causesOf(error)));
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
    stdout.write(`${JSON.stringify((0,report_scrub/* scrubbed */.fG)(value, scrub), null, stdout.isTTY ? 2 : undefined)}\n`);
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
    const voice = createVoice(surroundings, (0,report_scrub/* scrubber */.ty)(secretsGiven(argv, environment)));
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
        return { ...first, scrub: (0,report_scrub/* scrubber */.ty)([...secretsGiven(argv, environment), ...(key === undefined ? [] : [key])]) };
    };
    const { scrub } = voice();
    const display = displayFor(options, surroundings, { ...first, scrub });
    const warn = (message) => display.report({ type: 'warning', component: undefined, message });
    const log = startLog(command, options, { cwd, now, scrub, warn });
    const github = githubContext(environment, undefined);
    const notices = startNotices(command, options, { github, now, scrub, warn });
    const stopping = () => display.line('Stopping; once more to stop at once.');
    signal.addEventListener('abort', stopping, { once: true });
    try {
        const report = await withDeadline(options.timeout, signal, limited => surroundings.runJob(command, options, {
            cwd,
            key: environment.COMEBACK_KEY,
            ci: isCi(environment),
            environment,
            github,
            temporary: environment.RUNNER_TEMP ?? (0,external_node_os_.tmpdir)(),
            progress: event => {
                log?.event(event);
                display.report(event);
            },
            ...(surroundings.ask === undefined ? {} : { ask: surroundings.ask }),
            signal: limited,
        }));
        display.stop();
        const exitCode = sayReport(report, now(), voice(), log);
        await notices.ended({ exitCode, report });
        return exitCode;
    }
    catch (error) {
        display.stop();
        const exitCode = sayError(error, voice(), log);
        await notices.ended({ exitCode, error });
        return exitCode;
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


/***/ })

};

export const id = 460;
export const ids = [460];
export const modules = {

/***/ 460:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openArtifactStore: () => (/* binding */ openArtifactStore)
});

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(9473);
// EXTERNAL MODULE: ./build/format/sizes.js
var sizes = __webpack_require__(7060);
// EXTERNAL MODULE: ./node_modules/valibot/dist/index.mjs
var dist = __webpack_require__(7934);
;// CONCATENATED MODULE: ./build/store/artifact-error.js
/** What GitHub's REST API refuses, in the terms of the store's contract. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** How long until a limit on requests ends, in milliseconds; undefined if none was hit. */
function rateLimitWait(error, now) {
    const status = statusOf(error);
    if (status !== 403 && status !== 429)
        return undefined;
    const after = Number(header(error, 'retry-after') ?? Number.NaN);
    if (Number.isFinite(after))
        return Math.max(0, after * SECOND);
    if (header(error, 'x-ratelimit-remaining') === '0') {
        const reset = Number(header(error, 'x-ratelimit-reset') ?? Number.NaN) * SECOND;
        return Number.isFinite(reset) ? Math.max(0, reset - now) : MINUTE;
    }
    return status === 429 ? MINUTE : undefined;
}
/** The status of an answer; octokit gives 500 to a request that got none. */
function statusOf(error) {
    return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}
/** Throws nothing itself; an abort becomes what the signal says. */
function restError(error, errand, signal, now) {
    if (signal?.aborted)
        return (0,errors/* asComebackError */.Mx)(signal.reason);
    const status = statusOf(error);
    if (error instanceof errors/* ComebackError */.U$ || status === undefined)
        return (0,errors/* asComebackError */.Mx)(error);
    const { action, repository, right } = errand;
    const wait = rateLimitWait(error, now);
    if (wait !== undefined)
        return limited(action, wait, error, now);
    const because = (code, reason, hint) => new errors/* ComebackError */.U$(code, `Could not ${action}: ${reason}.`, { hint, cause: error });
    if (status >= 500) {
        return because('store-unavailable', `GitHub did not answer as it should (${briefly(error)})`, 'Try again; githubstatus.com tells whether GitHub has trouble.');
    }
    switch (status) {
        case 401:
            return because('authentication', 'GitHub does not accept the token', 'Set GITHUB_TOKEN to a token that is valid; in a workflow that is github.token.');
        case 403:
            return because('permission', `the token lacks the right ${right} (${briefly(error)})`, `Write "${right}" under permissions: of the workflow's job, or use a token that has this right.`);
        case 404:
            return because('permission', `GitHub knows no repository ${repository}, or the token may not see it`, `Check the name, and that the token has the right ${right} there.`);
        default:
            return because('failed', `GitHub answered ${status}: ${briefly(error)}`, 'See githubstatus.com, then try again.');
    }
}
function limited(action, wait, cause, now) {
    const end = new Date(now + wait);
    const far = wait > MINUTE;
    return new errors/* ComebackError */.U$('store-unavailable', `Could not ${action}: this token has used up the requests that GitHub allows it, until ${clock(end)} UTC.`, {
        hint: far
            ? `That is in ${Math.ceil(wait / MINUTE)} minutes: run it again then, or use a token of its own for backups.`
            : 'Try again in a minute.',
        cause,
    });
}
function clock(time) {
    return time.toISOString().slice(11, 16);
}
/** GitHub's words without the link to its documentation. */
function briefly(error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.replace(/ - https?:\S+$/, '').slice(0, 300);
}
function header(error, name) {
    if (!(error instanceof Error) || !('response' in error))
        return undefined;
    const { response } = error;
    if (typeof response !== 'object' || response === null || !('headers' in response))
        return undefined;
    const value = response.headers[name];
    return value === undefined || value === null ? undefined : String(value);
}

// EXTERNAL MODULE: ./build/store/object-name.js
var object_name = __webpack_require__(8755);
;// CONCATENATED MODULE: ./build/store/artifact-names.js
/**
 * Names of artifacts. GitHub allows no `/` in them, and a name that was once created in a run can never be created again in
 * it, not even after an upload that failed. So an object's name is written with `~` for `/`, and what follows tells the run,
 * its attempt and, from the second on, the try:
 *
 *     comeback~database~20261123T020000Z-7f3a91~01-data-0001.sql.gz.enc~7000000001-1.bin
 *     comeback~database~20261123T020000Z-7f3a91~01-data-0001.sql.gz.enc~7000000001-1-2.bin
 *
 * No object name holds a `~`, so the way back is exact. The ending stands in no table of MIME types: GitHub refuses some of
 * the types in such tables, and takes `.zip` for an archive to be unpacked.
 */

const PREFIX = 'comeback~';
const ENDING = '.bin';
const NAME = /^comeback~(.+)~(\d+)-(\d+)(?:-(\d+))?\.bin$/;
/** What file systems allow: an artifact is uploaded from a file of its name. */
const LONGEST = 255;
/** The object's name must be one. Undefined if the artifact's would be too long. */
function artifactName({ object, run, attempt, turn }) {
    const further = turn === 1 ? '' : `-${turn}`;
    const name = `${PREFIX}${object.replaceAll('/', '~')}~${run}-${attempt}${further}${ENDING}`;
    return name.length <= LONGEST ? name : undefined;
}
/** Undefined for artifacts of others. */
function parseArtifactName(name) {
    const [, flat, run, attempt, further] = NAME.exec(name) ?? [];
    if (flat === undefined || run === undefined || attempt === undefined)
        return undefined;
    const parsed = { object: flat.replaceAll('~', '/'), run, attempt, turn: Number(further ?? 1) };
    // Only what would be written in just this way is ours: `-1`, `-02` or a foreign object name are not.
    return (0,object_name/* isObjectName */.V)(parsed.object) && artifactName(parsed) === name ? parsed : undefined;
}

;// CONCATENATED MODULE: ./build/store/artifact-origin.js
/**
 * Who made an artifact. Pull requests from forks run in the repository that they are meant for and may upload artifacts of
 * any name there, so a name proves nothing. What GitHub itself says of the run does: the repository of its code, and its id,
 * which an artifact of ours has in its name. Where GitHub doesn't say it, nothing tells a backup from a fork's forgery, so
 * such an artifact doesn't count either.
 */

const id = dist/* nullish */.cl6(dist/* pipe */.FsL(dist/* number */.aig(), dist/* integer */.ndf()));
/** `workflow_run` of an artifact's record; old servers leave it out. */
const WORKFLOW_RUN = dist/* nullish */.cl6(dist/* object */.Ikc({ id, repository_id: id, head_repository_id: id, head_branch: dist/* nullish */.cl6(dist/* string */.YjP()) }));
/** `run` is the id in the artifact's name, `branch` the one whose runs alone count, if that is asked for. */
function originOf(made, run, branch) {
    if (made?.id == null || made.repository_id == null)
        return 'unknown';
    // A fork that was deleted has no id any more.
    if (made.head_repository_id === undefined)
        return 'unknown';
    if (made.head_repository_id !== made.repository_id || String(made.id) !== run)
        return 'foreign';
    return branch === undefined || made.head_branch === branch ? 'ours' : 'other-branch';
}

// EXTERNAL MODULE: ./build/store/local-error.js
var local_error = __webpack_require__(6810);
;// CONCATENATED MODULE: ./build/store/artifact-api.js
/**
 * GitHub's REST API, as far as artifacts need it. Answers are checked here. Not repeated here but by the decorator in
 * retry.ts, with one exception: a limit on requests that ends within a minute is waited for.
 */






const artifact_api_SECOND = 1000;
const PER_PAGE = 100;
const LONGEST_WAIT = 60 * artifact_api_SECOND;
const WAITS = 2;
/** Listings begun anew because artifacts vanished meanwhile. */
const ROUNDS = 3;
const VERSION = { 'x-github-api-version': '2022-11-28' };
const RECORD = dist/* object */.Ikc({
    id: dist/* pipe */.FsL(dist/* number */.aig(), dist/* integer */.ndf()),
    name: dist/* string */.YjP(),
    size_in_bytes: dist/* pipe */.FsL(dist/* number */.aig(), dist/* integer */.ndf(), dist/* minValue */.Wwf(0)),
    expired: dist/* boolean */.zMY(),
    created_at: dist/* nullish */.cl6(dist/* pipe */.FsL(dist/* string */.YjP(), dist/* isoTimestamp */.yhX())),
    expires_at: dist/* nullish */.cl6(dist/* pipe */.FsL(dist/* string */.YjP(), dist/* isoTimestamp */.yhX())),
    digest: dist/* nullish */.cl6(dist/* string */.YjP()),
    workflow_run: WORKFLOW_RUN,
});
const PAGE = dist/* object */.Ikc({ total_count: dist/* number */.aig(), artifacts: dist/* array */.YOg(RECORD) });
const REPOSITORY = dist/* object */.Ikc({ private: dist/* optional */.lqM(dist/* boolean */.zMY()), visibility: dist/* optional */.lqM(dist/* string */.YjP()) });
function artifactApi(options) {
    const { repository, now, sleep } = options;
    const [owner = '', repo = ''] = repository.split('/');
    const artifacts = `the artifacts of ${repository}`;
    const listing = { action: `list ${artifacts}`, repository, right: 'actions: read' };
    const reading = { action: `read ${artifacts}`, repository, right: 'actions: read' };
    const deleting = { action: `delete ${artifacts}`, repository, right: 'actions: write' };
    const looking = { action: `look whether ${repository} is public`, repository, right: 'metadata: read' };
    const client = once(() => openClient(options));
    /** One request. `absent` are the statuses that mean there is no such thing: then undefined. */
    async function ask(route, values, errand, signal, absent) {
        for (let waits = 0;; waits++) {
            (0,local_error/* checkCancelled */.S5)(signal);
            const limit = AbortSignal.timeout(options.patience);
            const request = { redirect: 'manual', signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) };
            try {
                const octokit = await client();
                const answer = await octokit.request(route, { owner, repo, headers: VERSION, ...values, request });
                // An answer whose body was cut off by the signal looks like an empty one.
                (0,local_error/* checkCancelled */.S5)(signal);
                return answer;
            }
            catch (error) {
                if (!signal?.aborted && absent.includes(statusOf(error) ?? 0))
                    return undefined;
                const wait = rateLimitWait(error, now());
                if (signal?.aborted || wait === undefined || wait > LONGEST_WAIT || waits >= WAITS) {
                    throw restError(error, errand, signal, now());
                }
                await sleep(wait, signal).catch((interruption) => {
                    throw restError(interruption, errand, signal, now());
                });
            }
        }
    }
    const ROUTE = '/repos/{owner}/{repo}/actions/artifacts';
    async function page(values, signal) {
        const answer = await ask(`GET ${ROUTE}`, { per_page: PER_PAGE, ...values }, listing, signal, []);
        const { total_count: total, artifacts } = parsed(PAGE, answer?.data, listing);
        return { total, artifacts, more: /rel="next"/.test(answer?.headers.link ?? '') };
    }
    return {
        async list(signal) {
            for (let round = 1; round <= ROUNDS; round++) {
                // Uploads meanwhile push artifacts to later pages, where they are seen twice; deletions pull them to earlier
                // ones, where they would be missed: then the count has fallen, and the listing begins anew.
                const found = new Map();
                const strange = new Map();
                let shrunk = false;
                let last;
                for (let number = 1, more = true; more && !shrunk; number++) {
                    const { total, artifacts, more: further } = await page({ page: number }, signal);
                    shrunk = last !== undefined && total < last;
                    last = total;
                    more = further;
                    for (const record of artifacts) {
                        const origin = originOfRecord(record, options.branch);
                        if (origin !== undefined && origin !== 'ours')
                            strange.set(record.id, origin);
                        for (const artifact of stored(record, options.branch))
                            found.set(artifact.id, artifact);
                    }
                }
                if (shrunk)
                    continue;
                const count = (origin) => [...strange.values()].filter(other => other === origin).length;
                options.strangers({
                    foreign: count('foreign'),
                    'other-branch': count('other-branch'),
                    unknown: count('unknown'),
                });
                return [...found.values()];
            }
            throw new errors/* ComebackError */.U$('store-unavailable', `Could not list ${artifacts}: artifacts are being deleted all the while.`, {
                hint: 'Try again when the run that deletes them has ended.',
            });
        },
        async named(name, signal) {
            return (await page({ name }, signal)).artifacts
                .filter(record => record.name === name)
                .flatMap(record => stored(record, options.branch));
        },
        async byId(id, signal) {
            const answer = await ask(`GET ${ROUTE}/{artifact_id}`, { artifact_id: id }, reading, signal, [404, 410]);
            return answer === undefined ? undefined : stored(parsed(RECORD, answer.data, reading), options.branch)[0];
        },
        async sign(id, signal) {
            const values = { artifact_id: id, archive_format: 'zip' };
            const answer = await ask(`GET ${ROUTE}/{artifact_id}/{archive_format}`, values, reading, signal, [404, 410]);
            if (answer === undefined)
                return undefined;
            const { location } = answer.headers;
            if (location !== undefined && URL.canParse(location))
                return location;
            throw unintelligible(reading, `GitHub named no place to read from (status ${answer.status})`);
        },
        async remove(id, signal) {
            await ask(`DELETE ${ROUTE}/{artifact_id}`, { artifact_id: id }, deleting, signal, [404, 410]);
        },
        async isPublic(signal) {
            const answer = await ask('GET /repos/{owner}/{repo}', {}, looking, signal, []);
            const { visibility, private: hidden } = parsed(REPOSITORY, answer?.data, looking);
            // Internal repositories count as private.
            if (visibility !== undefined)
                return visibility === 'public';
            if (hidden !== undefined)
                return !hidden;
            throw unintelligible(looking, 'GitHub does not say it');
        },
    };
}
/** Loaded late: a job that uses another store does without it. */
async function openClient({ token, apiUrl }) {
    const { getOctokit } = await Promise.all(/* import() */[__webpack_require__.e(665), __webpack_require__.e(351)]).then(__webpack_require__.bind(__webpack_require__, 1351));
    // It would write notices of GitHub's to the console.
    const log = { debug: silent, info: silent, warn: silent, error: silent };
    return getOctokit(token, { baseUrl: apiUrl, userAgent: 'comeback', log });
}
function silent() { }
/** Undefined if it isn't named as ours are. */
function originOfRecord(record, branch) {
    const name = parseArtifactName(record.name);
    return name === undefined ? undefined : originOf(record.workflow_run, name.run, branch);
}
/** The records that are ours, as artifacts: one or none. */
function stored(record, branch) {
    const name = parseArtifactName(record.name);
    if (name === undefined || originOf(record.workflow_run, name.run, branch) !== 'ours')
        return [];
    return [
        {
            id: record.id,
            run: name.run,
            object: name.object,
            size: record.size_in_bytes,
            digest: /^sha256:([0-9a-f]{64})$/.exec(record.digest ?? '')?.[1],
            createdAt: record.created_at ? new Date(record.created_at) : undefined,
            expiresAt: record.expires_at ? new Date(record.expires_at) : undefined,
            expired: record.expired,
        },
    ];
}
function parsed(schema, data, errand) {
    const result = dist/* safeParse */.xLC(schema, data);
    if (result.success)
        return result.output;
    throw unintelligible(errand, `GitHub's answer is not what its documentation says (${result.issues[0].message})`);
}
/** Half an answer, or a proxy's page: it may pass. */
function unintelligible({ action }, reason) {
    return new errors/* ComebackError */.U$('store-unavailable', `Could not ${action}: ${reason}.`, {
        hint: 'Try again; githubstatus.com tells whether GitHub has trouble.',
    });
}
function once(make) {
    let made;
    return () => {
        made ??= make();
        return made;
    };
}

;// CONCATENATED MODULE: ./build/store/artifact-catalogue.js
/**
 * Which artifacts hold which objects: the last listing, and what this process changed since. GitHub's listing may lag behind
 * an upload, so an artifact of ours counts until a listing has shown it; one that was deleted never comes back.
 */

class Catalogue {
    #api;
    #now;
    #listed;
    #uploaded = new Map();
    #gone = new Set();
    #lost = new Set();
    /** By backup: whose artifacts are its own. */
    #settled = new Map();
    /** Made when it is needed, dropped by every change. */
    #index;
    #oldest;
    #rivalled;
    #refreshing;
    constructor(api, now) {
        this.#api = api;
        this.#now = now;
    }
    /** Lists anew. */
    async refresh(signal) {
        const listed = new Map((await this.#api.list(signal)).map(artifact => [artifact.id, artifact]));
        for (const id of listed.keys())
            this.#uploaded.delete(id);
        this.#listed = listed;
        this.#changed();
    }
    /** Lists if that was never done. */
    async load(signal) {
        while (this.#listed === undefined)
            await this.#refreshTogether(signal);
    }
    /** The artifact that holds the object; if none is known, after another look. Of several the one that `live` prefers. */
    async find(object, signal) {
        const known = this.#listed !== undefined;
        await this.load(signal);
        const found = this.live(object);
        if (found !== undefined || !known)
            return found;
        await this.#refreshTogether(signal);
        return this.live(object);
    }
    /**
     * From what is known without another look. Of several first the one that was found authentic; then one of the run that
     * made the backup; then (a try that had succeeded after all) the oldest: it was there when a second one was made.
     */
    live(object) {
        const [first, ...others] = this.candidates(object);
        if (first === undefined || others.length === 0)
            return first;
        const folder = folderOf(object);
        const { run, record } = this.#settled.get(folder) ?? { run: this.founder(folder), record: undefined };
        const all = [first, ...others];
        return all.find(({ id }) => id === record) ?? all.find(artifact => artifact.run === run) ?? first;
    }
    /** Whether a put by this run would replace something: another run's intrusion in a backup that it made itself is nothing. */
    isTaken(object, run) {
        const artifact = this.live(object);
        return artifact !== undefined && (artifact.run === run || this.founder(folderOf(object)) !== run);
    }
    /** Those that could be read, oldest first. */
    candidates(object) {
        return this.all(object).filter(artifact => !this.#lost.has(artifact.id) && !hasExpired(artifact, this.#now()));
    }
    /**
     * The run that made the oldest artifact of the backup. Nobody can have been before it who did not know the backup's id,
     * and that is random.
     */
    founder(folder) {
        return this.#founders().get(folder)?.run;
    }
    /** Whether several artifacts of a backup go by one name, and it is not known yet whose are its own. */
    isContested(folder) {
        return this.#contested().has(folder) && !this.#settled.has(folder);
    }
    settle(folder, settlement) {
        this.#settled.set(folder, settlement);
    }
    /** When the newest artifact that held it expired; undefined if none did. */
    expiry(object) {
        return this.all(object).findLast(artifact => hasExpired(artifact, this.#now()))?.expiresAt;
    }
    /** Oldest first, expired ones too. */
    all(object) {
        return this.#byObject().get(object) ?? [];
    }
    /** One artifact an object, of those that have not expired. */
    objects() {
        return [...this.#byObject().keys()].flatMap(object => this.live(object) ?? []);
    }
    add(artifact) {
        this.#uploaded.set(artifact.id, artifact);
        this.#changed();
    }
    /** Its bytes are not to be had: it has expired or was deleted since it was listed. The next listing tells. */
    lose(id) {
        this.#lost.add(id);
        this.#uploaded.delete(id);
        this.#changed();
    }
    isGone(id) {
        return this.#gone.has(id);
    }
    /** It is deleted, whatever listings still say. */
    forget(id) {
        this.#gone.add(id);
        this.#uploaded.delete(id);
        this.#changed();
    }
    #changed() {
        this.#index = undefined;
        this.#oldest = undefined;
        this.#rivalled = undefined;
    }
    #byObject() {
        this.#index ??= Map.groupBy(
        // Ids grow.
        [...new Map([...this.#uploaded, ...(this.#listed ?? [])]).values()]
            .filter(({ id }) => !this.#gone.has(id))
            .sort((a, b) => a.id - b.id), ({ object }) => object);
        return this.#index;
    }
    #founders() {
        if (this.#oldest === undefined) {
            const oldest = new Map();
            for (const [object, [first]] of this.#byObject()) {
                const folder = folderOf(object);
                const known = oldest.get(folder);
                if (first !== undefined && (known === undefined || first.id < known.id))
                    oldest.set(folder, first);
            }
            this.#oldest = oldest;
        }
        return this.#oldest;
    }
    #contested() {
        this.#rivalled ??= new Set([...this.#byObject()].flatMap(([object, artifacts]) => (artifacts.length > 1 ? folderOf(object) : [])));
        return this.#rivalled;
    }
    /** Several that miss something at once share one listing. */
    async #refreshTogether(signal) {
        const shared = this.#refreshing;
        if (shared === undefined) {
            const mine = this.refresh(signal);
            this.#refreshing = mine;
            return mine.finally(() => {
                this.#refreshing = undefined;
            });
        }
        try {
            await shared;
        }
        catch (error) {
            // Whoever began it was cancelled, perhaps; the others were not.
            if (signal?.aborted)
                throw (0,errors/* asComebackError */.Mx)(signal.reason);
            if ((0,errors/* asComebackError */.Mx)(error).code !== 'cancelled')
                throw error;
            await this.refresh(signal);
        }
    }
}
/** `component/backup-id`. */
function folderOf(object) {
    return object.slice(0, object.lastIndexOf('/'));
}
function hasExpired({ expired, expiresAt }, now) {
    return expired || (expiresAt !== undefined && expiresAt.getTime() <= now);
}

;// CONCATENATED MODULE: ./build/store/artifact-contest.js


/** Records looked at for one backup, those of the run that began it first. */
const MOST_LOOKED_AT = 16;
function artifactContest({ catalogue, download, vouching }) {
    return async (object, signal) => {
        const folder = folderOf(object);
        if (vouching === undefined || !catalogue.isContested(folder))
            return;
        const founder = catalogue.founder(folder);
        const candidates = vouching.records
            .flatMap(file => catalogue.candidates(`${folder}/${file}`))
            .filter(({ size }) => size <= vouching.limit)
            .sort((a, b) => Number(b.run === founder) - Number(a.run === founder) || a.id - b.id);
        for (const candidate of candidates.slice(0, MOST_LOOKED_AT)) {
            (0,local_error/* checkCancelled */.S5)(signal);
            const vouched = await judge(candidate, vouching, signal);
            // Without the key the run that began it is the best guess.
            if (vouched === undefined)
                return;
            if (vouched)
                return catalogue.settle(folder, { run: candidate.run, record: candidate.id });
        }
        // None, so far: its run may still be at work.
    };
    async function judge(candidate, { vouch }, signal) {
        const bytes = await download(candidate, { offset: 0, length: candidate.size }, signal);
        if (bytes !== undefined)
            return vouch(candidate.object, bytes);
        catalogue.lose(candidate.id);
        return false;
    }
}

// EXTERNAL MODULE: external "node:timers/promises"
var promises_ = __webpack_require__(8500);
;// CONCATENATED MODULE: ./build/store/artifact-download.js
/**
 * Reads ranges of artifacts. GitHub gives a URL that lives for a minute; what is behind it serves ranges. So a read that breaks
 * off, for whatever reason, asks for a new URL and goes on at the byte it had reached, as long as that gets it further.
 */



const artifact_download_SECOND = 1000;
/** A URL is signed for a minute; it must still be good when the request arrives. */
const URL_LIFE = 45 * artifact_download_SECOND;
/** In a row, without one byte more. */
const ATTEMPTS = 4;
const FIRST_WAIT = 0.5 * artifact_download_SECOND;
function artifactDownload({ api, now, sleep, stall }) {
    const urls = new Map();
    async function signedUrl(id, signal) {
        for (const [other, { until }] of urls)
            if (until <= now())
                urls.delete(other);
        const known = urls.get(id);
        if (known !== undefined)
            return known.url;
        const until = now() + URL_LIFE;
        const url = await api.sign(id, signal);
        if (url !== undefined)
            urls.set(id, { url, until });
        return url;
    }
    return async (artifact, { offset, length }, signal) => {
        const fetch = await proxiedFetch();
        const bytes = Buffer.allocUnsafe(length);
        let filled = 0;
        for (let attempt = 1; filled < length; attempt++) {
            (0,local_error/* checkCancelled */.S5)(signal);
            const before = filled;
            let problem;
            try {
                const url = await signedUrl(artifact.id, signal);
                if (url === undefined)
                    return undefined;
                const rest = { offset: offset + filled, length: length - filled };
                for await (const part of blobRange({ fetch, url, artifact, range: rest, stall, signal })) {
                    // Never more than was asked for, whatever the server sends.
                    filled += Buffer.from(part.buffer, part.byteOffset, part.length).copy(bytes, filled);
                }
                problem = new Error('the connection ended early');
            }
            catch (error) {
                if (signal?.aborted)
                    throw (0,errors/* asComebackError */.Mx)(signal.reason);
                if (error instanceof errors/* ComebackError */.U$)
                    throw error;
                problem = error;
            }
            if (filled === length)
                break;
            // A URL that has expired fails like anything else; a new one costs one request.
            urls.delete(artifact.id);
            if (filled > before)
                attempt = 0;
            if (attempt >= ATTEMPTS)
                throw unreadable(artifact, problem);
            if (attempt > 0)
                await pause(FIRST_WAIT * 2 ** (attempt - 1), signal);
        }
        return bytes;
    };
    async function pause(milliseconds, signal) {
        try {
            await sleep(milliseconds, signal);
        }
        catch (interruption) {
            throw signal?.aborted ? (0,errors/* asComebackError */.Mx)(signal.reason) : (0,errors/* asComebackError */.Mx)(interruption);
        }
    }
}
/** Rejects when the signal aborts. */
function sleepFor(milliseconds, signal) {
    return (0,promises_.setTimeout)(milliseconds, undefined, signal === undefined ? {} : { signal });
}
/** The bytes of one answer, which may break off. `damaged` if the server says that there are fewer than GitHub lists. */
async function* blobRange({ fetch, url, artifact, range, stall, signal }) {
    const stalled = new AbortController();
    const timer = setTimeout(() => stalled.abort(new Error(`no byte came for ${stall / artifact_download_SECOND} s`)), stall);
    try {
        const response = await fetch(url, {
            headers: { range: `bytes=${range.offset}-${range.offset + range.length - 1}` },
            signal: signal === undefined ? stalled.signal : AbortSignal.any([signal, stalled.signal]),
        });
        checkAnswer(response, artifact, range);
        for await (const part of response.body ?? []) {
            timer.refresh();
            yield part;
        }
    }
    finally {
        clearTimeout(timer);
        // Ends the connection of an answer that was not read to its end.
        stalled.abort();
    }
}
function checkAnswer(response, artifact, { offset }) {
    if (response.status === 416)
        throw shorter(artifact);
    if (response.status === 200 && offset === 0)
        return;
    if (response.status !== 206)
        throw new Error(`its server answered ${response.status}`);
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? [];
    if (Number(start ?? Number.NaN) !== offset)
        throw new Error('its server gave another range');
    if (Number(total) < artifact.size)
        throw shorter(artifact);
}
function shorter({ object, size }) {
    return new errors/* ComebackError */.U$('damaged', `${object} is shorter than the ${size} bytes that GitHub lists for it.`, {
        hint: 'Restore from another backup; comeback check tells which are whole.',
    });
}
function unreadable({ object }, problem) {
    const cause = problem instanceof Error && problem.cause instanceof Error ? problem.cause : problem;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new errors/* ComebackError */.U$('store-unavailable', `Could not download ${object}: ${reason}.`, {
        hint: 'Try again; githubstatus.com tells whether GitHub has trouble.',
        cause: problem,
    });
}
/** Node's own `fetch` knows no proxies; the one of GitHub's library takes them from the environment. */
async function proxiedFetch() {
    const { defaults } = await __webpack_require__.e(/* import() */ 665).then(__webpack_require__.bind(__webpack_require__, 8665));
    return defaults.request?.fetch ?? globalThis.fetch;
}

;// CONCATENATED MODULE: ./build/store/artifact-retention.js
const DAY = 24 * 60 * 60 * 1000;
class Retention {
    /** To ask for. */
    days;
    #options;
    #warned = false;
    #life;
    constructor(options) {
        this.#options = options;
        this.days = Math.min(options.wish.days, options.most ?? Number.POSITIVE_INFINITY);
    }
    /** Says once, if it is so, that backups live shorter than they should. */
    checkLimit() {
        if (this.days < this.#options.wish.days)
            this.#warn(this.days);
    }
    /** What GitHub has granted to an artifact uploaded just now: its own limit, or the organization's, may be lower. */
    async learn(api, uploaded, now, signal) {
        if (this.#life !== undefined)
            return;
        // A record that is not there yet is looked for after the next upload.
        const expiresAt = (await api.byId(uploaded.id, signal))?.expiresAt;
        if (expiresAt === undefined)
            return;
        this.#life = expiresAt.getTime() - now;
        const granted = Math.round(this.#life / DAY);
        if (granted < this.days)
            this.#warn(granted);
    }
    /** Of an artifact uploaded at that time, until GitHub's listing tells. */
    expiry(uploadedAt) {
        return new Date(uploadedAt + (this.#life ?? this.days * DAY));
    }
    #warn(days) {
        if (this.#warned)
            return;
        this.#warned = true;
        const { wish, repository, warn } = this.#options;
        const limit = `${repository} keeps artifacts for ${days} ${days === 1 ? 'day' : 'days'} at most`;
        const remedy = `Raise it in the repository's settings (Actions, General, "Artifact and log retention"), or use a bucket: --store s3://BUCKET/PREFIX.`;
        if (days < wish.backupDays) {
            warn(`${limit}, so backups live ${days} days and not ${wish.backupDays}.`, remedy);
        }
        else {
            warn(`${limit}, and not the ${wish.days} that were asked for. Backups live as long as they should, but full ones come more often, and cost more storage.`, remedy);
        }
    }
}

// EXTERNAL MODULE: external "node:fs/promises"
var external_node_fs_promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: ./build/temporary-folder.js
var temporary_folder = __webpack_require__(6788);
;// CONCATENATED MODULE: ./build/store/artifact-upload-error.js
/**
 * Why an upload failed, in the terms of the store's contract. GitHub's client wraps every error into a plain one, so all that
 * is left of status and kind stands in its message.
 */

/** GitHub's limit on artifacts. With packs of 16 MiB that is 7.8 GiB of new data. */
const MOST_PER_JOB = 500;
const TOKEN_REFUSED = "GitHub does not accept the job's own token";
const RUN_AGAIN = 'It is good for one job only: run the job again.';
/** Whether the name was created in this run before, with or without success. */
function isNameTaken(failure) {
    return stepOf(failure) === 'CreateArtifact' && artifact_upload_error_statusOf(failure) === 409;
}
function uploadError(failure, object) {
    const { message } = failure;
    const because = (code, reason, hint) => new errors/* ComebackError */.U$(code, `Could not upload ${object}: ${reason}.`, { hint, cause: new Error(message) });
    if (/quota has been hit|insufficient usage/i.test(message)) {
        return because('store-full', 'the storage for artifacts of this account is used up', 'Remove old backups with comeback prune --apply, delete other artifacts, raise the limit in the billing settings, or use a bucket (--store s3://BUCKET/PREFIX). GitHub counts the usage anew only every 6 to 12 hours.');
    }
    if (/\bACTIONS_(RUNTIME_TOKEN|RESULTS_URL)\b/.test(message)) {
        return because('unsupported', 'this is no step of the Action', ELSEWHERE);
    }
    if (/JWT token is invalid/.test(message))
        return because('authentication', TOKEN_REFUSED, RUN_AGAIN);
    if (/not currently supported on GHES/.test(message)) {
        return because('unsupported', 'GitHub Enterprise Server has no such artifacts', 'Use --store s3://BUCKET/PREFIX.');
    }
    const status = artifact_upload_error_statusOf(failure);
    if (stepOf(failure) === 'CreateArtifact' && status !== undefined) {
        if (status === 400 && /\blimit|\bmax/i.test(message))
            return tooMany(object, new Error(message));
        if (status === 401)
            return because('authentication', TOKEN_REFUSED, RUN_AGAIN);
        if (status === 403) {
            return because('permission', `GitHub refuses it (${message})`, 'See whether Actions may store artifacts here.');
        }
        if (status >= 400 && status < 500 && status !== 408 && status !== 409 && status !== 429) {
            return because('failed', message, 'See githubstatus.com, then run the job again.');
        }
    }
    // What fails after the name was created is worth another try under another name, a 403 too: GitHub had waves of them.
    return because('store-unavailable', message.split('\n', 1).join(''), 'Try again; githubstatus.com tells whether GitHub has trouble.');
}
const ELSEWHERE = 'Use the Action (uses: … with command: backup), or another store: --store s3://BUCKET/PREFIX or --store file:DIR.';
function tooMany(object, cause) {
    return new errors/* ComebackError */.U$('store-full', `Could not upload ${object}: GitHub allows ${MOST_PER_JOB} artifacts a job, and this job has used them.`, {
        hint: 'Give each component a job of its own, exclude what needs no backup, or use a bucket: --store s3://BUCKET/PREFIX.',
        cause,
    });
}
/** `CreateArtifact`, `FinalizeArtifact`. */
function stepOf({ message }) {
    return /^Failed to (\w+):/.exec(message)?.[1];
}
function artifact_upload_error_statusOf(failure) {
    if (failure.type === 'failed' && failure.status !== undefined)
        return failure.status;
    const status = /Failed request: \((\d{3})\)/.exec(failure.message)?.[1];
    return status === undefined ? undefined : Number(status);
}

;// CONCATENATED MODULE: ./build/store/artifact-upload.js
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
/**
 * Puts objects as artifacts. Only a step of the Action can: GitHub gives the token for it to nobody else. A name that was
 * created and not finished is burned for the rest of the run, so each try has a name of its own; before another one is
 * begun, the earlier names are looked up, because what had failed may have been the answer alone.
 */








/** Names that may be burned in a row before the run is given up. */
const MOST_TURNS = 20;
function artifactUploader(options) {
    const { api, catalogue, retention, upload, run, temporary, now } = options;
    /** Names of artifacts that were tried, by object; until one of them holds it. */
    const tried = new Map();
    let created = 0;
    /** True if an earlier try had succeeded. */
    async function adopt(name, body, signal) {
        for (const artifact of await api.named(name, signal)) {
            if (artifact.expired || artifact.object !== body.object || catalogue.isGone(artifact.id))
                continue;
            if (artifact.size !== body.size || artifact.digest !== body.digest)
                throw alreadyExists(body.object);
            catalogue.add(artifact);
            return true;
        }
        return false;
    }
    async function uploadAs(name, body, signal) {
        const folder = await (0,local_error/* attempting */.SV)(`make a folder in ${temporary}`, () => (0,temporary_folder/* temporaryFolder */.y)(temporary, 'upload'));
        try {
            const file = (0,external_node_path_.join)(folder, name);
            await (0,local_error/* attempting */.SV)(`write ${file}`, () => write(file, body.parts, signal));
            (0,local_error/* checkCancelled */.S5)(signal);
            created++;
            return await upload({ file, folder, days: retention.days }, signal);
        }
        finally {
            await (0,external_node_fs_promises_.rm)(folder, { recursive: true, force: true });
        }
    }
    async function accept(outcome, body, signal) {
        const { object, size, digest } = body;
        const { id } = outcome;
        if (id === undefined)
            throw strange(object, 'GitHub gave no id for it');
        if (outcome.size !== size || outcome.digest !== digest) {
            // It counts already, so it must go before anything else may have its name.
            await api.remove(id, signal);
            catalogue.forget(id);
            throw strange(object, 'what arrived is not what was sent');
        }
        const artifact = {
            id,
            run: run.id,
            object,
            size,
            digest,
            createdAt: undefined,
            expiresAt: undefined,
            expired: false,
        };
        const at = now();
        // Stored it is, even if GitHub does not say now how long it lives: that is asked again after the next upload.
        await retention.learn(api, artifact, at, signal).catch((error) => {
            if (!(0,errors/* hasCode */.up)(error, 'store-unavailable', 'permission'))
                throw error;
        });
        catalogue.add({ ...artifact, expiresAt: retention.expiry(at) });
    }
    return async (object, parts, signal) => {
        await catalogue.load(signal);
        const names = tried.get(object) ?? [];
        const body = { object, parts, ...(await fingerprint(parts, signal)) };
        for (const name of names) {
            if (!(await adopt(name, body, signal)))
                continue;
            tried.delete(object);
            return;
        }
        if (catalogue.isTaken(object, run.id))
            throw alreadyExists(object);
        tried.set(object, names);
        while (names.length < MOST_TURNS) {
            if (created >= MOST_PER_JOB)
                throw tooMany(object);
            const name = nameFor({ object, run: run.id, attempt: run.attempt, turn: names.length + 1 });
            names.push(name);
            const outcome = await uploadAs(name, body, signal);
            if (outcome.type === 'uploaded') {
                await accept(outcome, body, signal);
                tried.delete(object);
                return;
            }
            if (!isNameTaken(outcome))
                throw uploadError(outcome, object);
            if (!(await adopt(name, body, signal)))
                continue;
            tried.delete(object);
            return;
        }
        throw new errors/* ComebackError */.U$('failed', `Could not upload ${object}: ${MOST_TURNS} names in a row were refused.`, {
            hint: 'See githubstatus.com, then run the job again.',
        });
    };
}
function alreadyExists(object) {
    return new errors/* ComebackError */.U$('already-exists', `${object} exists already, and is never replaced.`);
}
function strange(object, reason) {
    return new errors/* ComebackError */.U$('store-unavailable', `Could not upload ${object}: ${reason}.`, {
        hint: 'Try again; githubstatus.com tells whether GitHub has trouble.',
    });
}
function nameFor(parts) {
    const name = artifactName(parts);
    if (name !== undefined)
        return name;
    throw new errors/* ComebackError */.U$('usage', `${parts.object} is too long for the name of an artifact.`);
}
/** Readable by its owner alone. */
async function write(file, parts, signal) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const handle = __addDisposableResource(env_1, await (0,external_node_fs_promises_.open)(file, 'wx', 0o600), true);
        for (const part of parts) {
            (0,local_error/* checkCancelled */.S5)(signal);
            for (let written = 0; written < part.length;) {
                written += (await handle.write(part, written)).bytesWritten;
            }
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
}
async function fingerprint(parts, signal) {
    const hash = (0,external_node_crypto_.createHash)('sha256');
    let size = 0;
    for (const part of parts) {
        (0,local_error/* checkCancelled */.S5)(signal);
        hash.update(part);
        size += part.length;
    }
    return { size, digest: hash.digest('hex') };
}

// EXTERNAL MODULE: external "node:worker_threads"
var external_node_worker_threads_ = __webpack_require__(5919);
;// CONCATENATED MODULE: ./build/store/artifact-upload-thread.js
/**
 * One thread for all uploads of a store: loading GitHub's client takes most of a second of CPU time, and uploads side by side
 * share it well. What ends the thread interrupts all that are on their way in it; each is tried again, in a new thread.
 */


const artifact_upload_thread_SECOND = 1000;
/** `limit`: milliseconds for one upload. Throws only what the signal says, after the upload has been stopped. */
function uploadThread(limit) {
    let running;
    let requests = 0;
    /** The client can't be told to stop one upload: the whole thread goes. */
    async function stop(thread, message) {
        if (running === thread)
            running = undefined;
        for (const answer of thread.waiting.values())
            answer({ type: 'interrupted', message });
        thread.waiting.clear();
        await thread.worker.terminate();
    }
    function start() {
        const worker = new external_node_worker_threads_.Worker(workerFile(), { stdout: true, stderr: true });
        const thread = { worker, waiting: new Map() };
        worker.on('message', ({ request, ...answer }) => {
            thread.waiting.get(request)?.(answer);
        });
        worker.on('error', error => void stop(thread, error instanceof Error ? error.message : String(error)));
        worker.on('exit', () => void stop(thread, 'the thread that uploads ended'));
        return thread;
    }
    return async (request, signal) => {
        if (signal?.aborted)
            throw (0,errors/* asComebackError */.Mx)(signal.reason);
        running ??= start();
        const thread = running;
        const { worker, waiting } = thread;
        const number = requests++;
        const { promise, resolve, reject } = Promise.withResolvers();
        waiting.set(number, resolve);
        worker.ref();
        const late = () => void stop(thread, `it took longer than ${Math.round(limit / artifact_upload_thread_SECOND)} s`);
        const timer = setTimeout(late, limit);
        const onAbort = () => {
            waiting.delete(number);
            void stop(thread, 'another upload was cancelled').then(() => reject((0,errors/* asComebackError */.Mx)(signal?.reason)));
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        worker.postMessage({ request: number, ...request });
        try {
            return await promise;
        }
        finally {
            clearTimeout(timer);
            signal?.removeEventListener('abort', onAbort);
            waiting.delete(number);
            // An idle thread must not keep the job from ending.
            if (waiting.size === 0)
                worker.unref();
        }
    };
}
/** The worker lies beside this file: as TypeScript in the sources, as a bundle of its own in a build. */
function workerFile() {
    return new URL(`./artifact-upload-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
}

;// CONCATENATED MODULE: ./build/store/artifact.js
/**
 * Objects as artifacts of a GitHub repository, across all its runs. Reading, listing and deleting go by the REST API, from
 * anywhere, with a token; storing goes by GitHub's own client, which works in a step of the Action alone.
 *
 * Limits of GitHub's: 500 artifacts a job, each of one object here, so 500 packs of 16 MiB are the 7.8 GiB of new data that
 * one job can store. Memory is bounded by the packs in flight, two for each lane, and the blocks that the client holds of
 * those being uploaded.
 */













const artifact_SECOND = 1000;
const artifact_MINUTE = 60 * artifact_SECOND;
const PACK_SIZE = 16 * sizes/* MiB */.lv;
/** GitHub's client itself gives up after five minutes without progress. */
const LIMITS = { request: 30 * artifact_SECOND, stall: 30 * artifact_SECOND, upload: 20 * artifact_MINUTE };
/** Throws `usage` without a token, `unsupported` where GitHub has no such artifacts. */
function openArtifactStore(options) {
    const { repository, github, now = Date.now, sleep = sleepFor } = options;
    const limits = { ...LIMITS, ...options.limits };
    checkServer(github.serverUrl);
    const token = needToken(options.token, repository);
    const api = artifactApi({
        repository,
        branch: options.branch,
        token,
        apiUrl: github.apiUrl,
        now,
        sleep,
        patience: limits.request,
        strangers: warnOfStrangers(repository, options.warn),
    });
    const catalogue = new Catalogue(api, now);
    const download = artifactDownload({ api, now, sleep, stall: limits.stall });
    const settle = artifactContest({ catalogue, download, vouching: options.vouching });
    const put = putter(options, api, catalogue, limits, now);
    /** By object: puts of one name take turns. */
    const putting = new Map();
    async function find(name, signal) {
        (0,local_error/* checkCancelled */.S5)(signal);
        (0,object_name/* checkObjectName */.R)(name);
        const found = await catalogue.find(name, signal);
        if (found !== undefined)
            await settle(name, signal);
        const artifact = found && catalogue.live(name);
        if (artifact !== undefined)
            return artifact;
        throw notFound(name, repository, catalogue.expiry(name));
    }
    return {
        location: `artifact:${repository}`,
        place: `${github.apiUrl} ${repository.toLowerCase()}`,
        packSize: options.packSize ?? PACK_SIZE,
        async *list(prefix, signal) {
            (0,local_error/* checkCancelled */.S5)(signal);
            await catalogue.refresh(signal);
            for (const artifact of catalogue.objects()) {
                (0,local_error/* checkCancelled */.S5)(signal);
                if (artifact.object.startsWith(prefix))
                    yield infoOf(artifact);
            }
        },
        async put(name, body, signal) {
            (0,local_error/* checkCancelled */.S5)(signal);
            (0,object_name/* checkObjectName */.R)(name);
            for (let other = putting.get(name); other !== undefined; other = putting.get(name)) {
                await other.catch(() => undefined /* Its own caller hears of it. */);
                (0,local_error/* checkCancelled */.S5)(signal);
            }
            const mine = put(name, body, signal);
            putting.set(name, mine);
            try {
                await mine;
            }
            finally {
                putting.delete(name);
            }
        },
        async get(name, { range, limit, signal } = {}) {
            for (;;) {
                const artifact = await find(name, signal);
                checkSize(artifact, range, limit);
                const bytes = await download(artifact, range ?? { offset: 0, length: artifact.size }, signal);
                const damage = bytes === undefined || range !== undefined ? undefined : digestError(artifact, bytes);
                if (damage !== undefined && catalogue.candidates(name).length === 1)
                    throw damage;
                if (bytes !== undefined && damage === undefined)
                    return bytes;
                // There may be another one, or word of its end.
                catalogue.lose(artifact.id);
            }
        },
        async stat(name, signal) {
            return infoOf(await find(name, signal));
        },
        async delete(name, signal) {
            (0,local_error/* checkCancelled */.S5)(signal);
            (0,object_name/* checkObjectName */.R)(name);
            await catalogue.find(name, signal);
            for (const { id } of catalogue.all(name)) {
                await api.remove(id, signal);
                catalogue.forget(id);
            }
        },
    };
}
/** Everything that a put must know beforehand is looked up at the first one; what does not hold refuses all of them. */
function putter({ repository, branch, github, temporary, allowPublic, retention: wish, warn }, api, catalogue, limits, now) {
    const { run } = github;
    if (run === undefined) {
        return async (object) => {
            throw new errors/* ComebackError */.U$('unsupported', `Could not upload ${object}: only a step of the Action can store artifacts.`, {
                hint: ELSEWHERE,
            });
        };
    }
    if (github.repository?.toLowerCase() !== repository.toLowerCase()) {
        return async (object) => {
            throw new errors/* ComebackError */.U$('unsupported', `Could not upload ${object}: a run of ${github.repository ?? 'another repository'} cannot store artifacts in ${repository}.`, { hint: 'Use --store artifact: without a repository, or a bucket: --store s3://BUCKET/PREFIX.' });
        };
    }
    if (branch !== undefined && run.branch !== undefined && run.branch !== branch) {
        return async (object) => {
            throw new errors/* ComebackError */.U$('unsupported', `Could not upload ${object}: this run is of ${run.branch}, and only artifacts of ${branch} count.`, { hint: 'Run it on that branch, or leave out --artifact-branch everywhere.' });
        };
    }
    const retention = new Retention({ wish, most: run.retentionDays, repository, warn });
    const upload = uploadThread(limits.upload);
    const put = artifactUploader({ api, catalogue, retention, upload, run, temporary, now });
    let allowed;
    async function checkVisibility(signal) {
        if (!allowPublic && (await api.isPublic(signal)))
            throw openToAll(repository);
    }
    return async (object, parts, signal) => {
        // Several lanes begin at once, and share the question; one that got no answer is asked again.
        allowed ??= checkVisibility(signal).catch((error) => {
            allowed = undefined;
            throw error;
        });
        await allowed;
        retention.checkLimit();
        await put(object, parts, signal);
    };
}
/** Once a store. No name is told: whoever made them chose it. */
function warnOfStrangers(repository, warn) {
    let warned = false;
    return ({ foreign, 'other-branch': otherBranch, unknown }) => {
        if (warned || foreign + otherBranch + unknown === 0)
            return;
        warned = true;
        if (foreign > 0) {
            warn(`${foreign} artifacts of ${repository} are named as backups are, and were made by runs of other repositories' code, such as pull requests from forks. They do not count.`, 'Look into the pull requests of that time: somebody may have tried to get in the way of the backups.');
        }
        if (otherBranch > 0) {
            warn(`${otherBranch} artifacts of ${repository} that are named as backups are were made by runs of other branches. They do not count.`, 'If backups are made on other branches, too, leave out --artifact-branch.');
        }
        if (unknown > 0) {
            warn(`Of ${unknown} artifacts of ${repository} that are named as backups are, GitHub does not say which run made them. They do not count: a fork's pull request could have.`, 'Use a bucket where GitHub does not say it: --store s3://BUCKET/PREFIX.');
        }
    };
}
function checkServer(serverUrl) {
    const host = URL.canParse(serverUrl) ? new URL(serverUrl).hostname.toLowerCase() : serverUrl;
    if (host === 'github.com' || host.endsWith('.ghe.com') || host.endsWith('.localhost'))
        return;
    throw new errors/* ComebackError */.U$('unsupported', `${host} is a GitHub Enterprise Server, which has no artifacts of the kind that backups need.`, { hint: 'Use a bucket: --store s3://BUCKET/PREFIX.' });
}
function needToken(token, repository) {
    if (token !== undefined && token !== '')
        return token;
    throw new errors/* ComebackError */.U$('usage', `The artifacts of ${repository} need a token.`, {
        hint: 'Set GITHUB_TOKEN to one with the right actions: read, or actions: write to prune.',
    });
}
function openToAll(repository) {
    return new errors/* ComebackError */.U$('usage', `${repository} is public: anyone who is signed in to GitHub could download its backups.`, {
        hint: 'They would be encrypted, but only the key would protect them, for good. Use a bucket (--store s3://BUCKET/PREFIX) or a private repository, or accept it with allow-public-artifacts: true.',
    });
}
function notFound(name, repository, expiredAt) {
    if (expiredAt === undefined)
        return new errors/* ComebackError */.U$('not-found', `No artifact of ${repository} holds ${name}.`);
    return new errors/* ComebackError */.U$('not-found', `${name} expired on ${expiredAt.toISOString().slice(0, 10)}: GitHub keeps no artifact of ${repository} that holds it.`, { hint: 'How long artifacts are kept is asked for with --retention-days, and limited by the repository.' });
}
function infoOf({ object: name, size, createdAt, expiresAt }) {
    return {
        ...{ name, size },
        ...(createdAt === undefined ? {} : { writtenAt: createdAt }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
    };
}
function checkSize({ object, size }, range, limit) {
    if (limit !== undefined && size > limit) {
        throw new errors/* ComebackError */.U$('damaged', `${object} has ${size} bytes, more than the ${limit} that it may have.`);
    }
    if (range !== undefined && range.offset + range.length > size) {
        const end = range.offset + range.length;
        throw new errors/* ComebackError */.U$('damaged', `${object} has ${size} bytes, and ends before byte ${end}.`);
    }
}
function digestError({ object, digest }, bytes) {
    if (digest === undefined || (0,external_node_crypto_.createHash)('sha256').update(bytes).digest('hex') === digest)
        return undefined;
    return new errors/* ComebackError */.U$('damaged', `The bytes of ${object} are not those that were uploaded: their SHA-256 differs.`);
}


/***/ })

};

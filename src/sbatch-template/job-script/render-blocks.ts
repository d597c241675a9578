// Renders the three blocks of a job script from the Mustache files in templates/, with each value as one quoted shell word.
import Mustache from 'mustache';
import { secretPatternsForPython } from '../../base/secret-patterns.ts';
import { readPackageFile } from '../../base/installation.ts';
import { quoteWord } from '../../base/shell-word.ts';
import type { ContainerFacts } from '../containers/plan-singularity-image-and-options.ts';
import type { PyxisFacts } from '../containers/plan-pyxis-mounts-and-environment.ts';
import { JOB_EXIT_CODES } from './job-exit-codes.ts';
import type { Blocks, ForwardedSignal } from '../template.ts';

/** The values for a job script. None is secret, because any user of the cluster may be able to read the script. */
export interface JobFacts {
  readonly taskId: string;
  readonly jobName: string;
  /** The queue in which the task is parked: its entry there is the right to run the task. */
  readonly schedulerQueueId: string;
  /** The queue that the task came from. Once it is enqueued elsewhere, this job no longer runs it. */
  readonly queueId: string;
  /** For messages. */
  readonly apiServer?: string;
  /** The clearml.conf of this job in the shared directory; without it, the node's own is used. */
  readonly sharedConf?: string | undefined;
  /** A directory shared by all nodes, in which clearml-agent is installed once for all jobs. */
  readonly sharedDir?: string | undefined;
  /** The Unix user of the job, if it is another one than the daemon's: it uses only its own files. */
  readonly unixUser?: string | undefined;
  /** The group, by name or number, whose members may change files that the job trusts. */
  readonly trustedGroup?: string | undefined;
  /** The umask of jobs, and the umask for their log files, as umask(1) prints them. */
  readonly umask?: string | undefined;
  readonly logUmask?: string | undefined;
  /** The interpreter to try first. */
  readonly python?: string | undefined;
  /** The clearml-agent to install if none is found, e.g. `3.0.3`. */
  readonly agentVersion: string;
  /** How long the job waits at its start for a server that does not respond; without it, it makes one attempt. */
  readonly serverWaitSec?: number | undefined;
  /** The worker's name up to the job id, e.g. `login1:slurm`. */
  readonly workerPrefix: string;
  /** The container that the template's command starts; without it, the agent runs on the node itself. */
  readonly container?: ContainerFacts | undefined;
  /** The container that Pyxis creates, if the template uses Pyxis. */
  readonly pyxis?: PyxisFacts | undefined;
  /** The signal that Slurm sends to the batch shell before the time limit, if the template requests one that reaches the task. */
  readonly forwardedSignal?: ForwardedSignal | undefined;
  /** Whether the agent starts through `srun`, or through a function of that name in the template. */
  readonly startsBySrun?: boolean;
}

/** The timeout of one request of the gate: the session of the agent would retry for hours. */
const GATE_SECONDS = 120;

/** What a job of another Unix user reports of its log, and how long that may take: Slurm kills a job 30 s after its time limit. */
const REPORT = {
  reportSeconds: 20,
  reportBytes: 16_384,
  reportLines: 30,
  secretPatterns: secretPatternsForPython(),
};

/** About one minute. */
const LEAST_RETRIES = 6;
const LONGEST_PAUSE_SEC = 120;

/** The number of attempts that the agent makes in this time: it doubles its pauses from 1 s up to 120 s (Retry of urllib3). */
function connectRetries(seconds: number): number {
  let retries = 0;
  for (let taken = 0; taken < seconds; retries += 1) taken += Math.min(2 ** retries, LONGEST_PAUSE_SEC);
  return Math.max(LEAST_RETRIES, retries);
}

/**
 * Renders the three blocks of one job. AGENT_EXECUTE is one command, which can follow a command that runs its arguments.
 * @throws NulInWordError if a value contains a NUL
 */
export function renderBlocks(facts: JobFacts): Blocks {
  const view = blockView(facts);

  function render(block: string): string {
    return writer.render(readTemplate(block), view, (name) => readTemplate(`partials/${name}`), { escape }).trimEnd();
  }

  return {
    preSetup: render('pre-setup.sh'),
    agentExecute: render('agent-execute.sh'),
    ...(facts.forwardedSignal === undefined ? {} : { beforeAgent: 'clearml_forward_signals ' }),
    postSetup: render('post-setup.sh'),
  };
}

/** Returns all values that the Mustache files of the blocks name. */
export function blockView(facts: JobFacts): Record<string, unknown> {
  const { serverWaitSec = 0 } = facts;
  return {
    ...facts,
    requirements: knownRequirements(facts.agentVersion),
    ...JOB_EXIT_CODES,
    inside: facts.container ?? facts.pyxis,
    isWhole: facts.pyxis?.isWhole === true,
    lendsAgent: facts.container !== undefined || facts.pyxis?.seesJobFolder === true,
    exitCodes: Object.values(JOB_EXIT_CODES),
    gateSeconds: GATE_SECONDS,
    ...REPORT,
    serverWaitSeconds: Math.floor(serverWaitSec),
    connectRetries: connectRetries(serverWaitSec),
  };
}

/** The requirements, with hashes, to install this version of clearml-agent; empty for a version without known hashes. */
function knownRequirements(agentVersion: string): string {
  knownText ??= readPackageFile('templates/agent-requirements.txt')
    .replaceAll(/^#.*\n/gm, '')
    .trimEnd();
  return knownText.includes(`\nclearml-agent==${agentVersion};`) ? knownText : '';
}

let knownText: string | undefined;

function escape(value: unknown): string {
  return quoteWord(String(value));
}

function readTemplate(name: string): string {
  return readPackageFile(`templates/${name}.mustache`);
}

/** A token of Mustache's parser: kind, text or name, position; and the tokens in a section. */
type MustacheToken = [kind: string, text: string, start: number, end: number, inside?: unknown];

/** All lines up to the next one with a tag. No tag of our templates spans lines. */
const LINES_WITHOUT_TAG = /^(?:(?!.*\{\{).*\n)+/gm;
/** Replaces such lines while Mustache parses, in characters that no template contains. With others, V8 would keep two bytes for each character. */
const LINES_MARK = /\u00AB(\d+)\u00BB/g;

/**
 * Mustache without its slow parts: its parser makes a token of every character, and its cache copies the whole text to find it. With
 * them, the first task takes 35 ms instead of 7 ms of CPU time, which `render` would show, and each further one 0.6 ms instead of 0.1 ms.
 * Lines without a tag do not go through the parser, and each text is parsed once. The output is the same, except for functions in the
 * view, which would get the marks.
 */
export function createBlockWriter(): Mustache.Writer {
  const writer = new Mustache.Writer();
  const parse = writer.parse.bind(writer);
  const parsed = new Map<string, readonly MustacheToken[]>();
  const lines: string[] = [];

  writer.parse = (text, tags) => {
    const known = parsed.get(text);
    if (known !== undefined) return known;
    const short = text.replace(LINES_WITHOUT_TAG, (found) => `\u00AB${lines.push(found) - 1}\u00BB\n`);
    const tokens = parse(short, tags) as MustacheToken[];
    insertLines(tokens, lines);
    parsed.set(text, tokens);
    return tokens;
  };
  return writer;
}

function insertLines(tokens: MustacheToken[], lines: readonly string[]): void {
  for (const token of tokens) {
    const [kind, text, , , inside] = token;
    if (kind === 'text')
      token[1] = text.replace(LINES_MARK, (_found, index) => lines[Number(index)]?.slice(0, -1) ?? '');
    if (Array.isArray(inside)) insertLines(inside as MustacheToken[], lines);
  }
}

const writer = createBlockWriter();

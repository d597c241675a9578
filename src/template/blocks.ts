// Renders what runs inside the Slurm job from the Mustache files in templates/: every value in them is one quoted shell word.
import { readFileSync } from 'node:fs';
import { packagePath } from '../base/package-path.ts';
import { quoteWord } from '../base/shell-word.ts';
import { createBlockWriter } from './block-writer.ts';
import type { ContainerFacts } from './containers/plan-singularity.ts';
import type { PyxisFacts } from './containers/plan-pyxis.ts';
import { JOB_EXIT_CODES } from './job-exit-codes.ts';
import type { Blocks } from './template.ts';

/** What a job must be told. Nothing in it is secret: everyone on the cluster may get to read the script. */
export interface JobFacts {
  readonly taskId: string;
  readonly jobName: string;
  /** The queue in which the task is parked: its entry there is the right to run the task. */
  readonly schedulerQueueId: string;
  /** The queue that the task came from. Once it is enqueued elsewhere, this job no longer runs it. */
  readonly queueId: string;
  /** For messages. */
  readonly apiServer?: string;
  /** The clearml.conf that was written for this job, as the nodes see it; without one the node's own is used. */
  readonly sharedConf?: string;
  /** A folder shared by all nodes, in which one clearml-agent is installed for all jobs. */
  readonly sharedDir?: string;
  /** The group of a project whose members may change what the job trusts, by name or number. */
  readonly trustedGroup?: string;
  /** The umask that jobs are to have, and the one that sbatch is given for their logs, as umask(1) prints them. */
  readonly umask?: string;
  readonly logUmask?: string;
  /** The interpreter to try first. */
  readonly python?: string;
  /** The clearml-agent to install where none is found, e.g. `3.0.3`. */
  readonly agentVersion: string;
  /** How long the job waits at its start for a server that does not answer; without it the server is asked once. */
  readonly serverWaitSec?: number;
  /** The worker's name up to the job id, e.g. `login1:slurm`. */
  readonly workerPrefix: string;
  /** The container that the template's command makes of what follows it; without one the agent runs on the node itself. */
  readonly container?: ContainerFacts | undefined;
  /** The container that Pyxis makes, where the template has it make one. */
  readonly pyxis?: PyxisFacts | undefined;
  /** Whether the agent is started through `srun`, be it the template's own function of that name. */
  readonly startsBySrun?: boolean;
}

/** How long one question at the gate may take: the agent's own session would go on trying for hours. */
const GATE_SECONDS = 120;

/** About a minute. */
const LEAST_RETRIES = 6;
const LONGEST_PAUSE_SEC = 120;

/** How many attempts of the agent to connect take so long: it doubles its pauses from 1 s up to 120 s (urllib3's Retry). */
function connectRetries(seconds: number): number {
  let retries = 0;
  for (let taken = 0; taken < seconds; retries += 1) taken += Math.min(2 ** retries, LONGEST_PAUSE_SEC);
  return Math.max(LEAST_RETRIES, retries);
}

/**
 * The three blocks of one job, as text to be put into the template where it names them. AGENT_EXECUTE is one command:
 * it may stand alone, or after a command that runs what follows it.
 * @throws NulInWordError when a fact holds a NUL
 */
export function renderBlocks(facts: JobFacts): Blocks {
  const { serverWaitSec = 0 } = facts;
  const inside = facts.container ?? facts.pyxis;
  const isWhole = facts.pyxis?.isWhole === true;
  const requirements = knownRequirements(facts.agentVersion);
  const view = {
    ...facts,
    requirements,
    ...JOB_EXIT_CODES,
    inside,
    isWhole,
    exitCodes: Object.values(JOB_EXIT_CODES),
    gateSeconds: GATE_SECONDS,
    serverWaitSeconds: Math.floor(serverWaitSec),
    connectRetries: connectRetries(serverWaitSec),
  };

  function render(block: string): string {
    return writer.render(readTemplate(block), view, readPartial, { escape }).trimEnd();
  }

  return {
    preSetup: render('pre-setup.sh'),
    agentExecute: render('agent-execute.sh'),
    postSetup: render('post-setup.sh'),
  };
}

/** Which files are installed for this version of clearml-agent, by their hashes; nothing for a version of which none are known. */
function knownRequirements(agentVersion: string): string {
  knownText ??= readFileSync(packagePath('templates/agent-requirements.txt'), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .trimEnd();
  return knownText.includes(`\nclearml-agent==${agentVersion};`) ? knownText : '';
}

let knownText: string | undefined;

function escape(value: unknown): string {
  return quoteWord(String(value));
}

const writer = createBlockWriter();

function readPartial(name: string): string {
  return readTemplate(`partials/${name}`);
}

/** Read once: whoever upgrades the program starts the daemon anew. */
const texts = new Map<string, string>();

function readTemplate(name: string): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(packagePath(`templates/${name}.mustache`), 'utf8');
  texts.set(name, text);
  return text;
}

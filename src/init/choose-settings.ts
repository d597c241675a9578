// Chooses the settings of init: from options, answers, or defaults, each with its reason. Asks at most five questions.
import { nearestName } from '../base/did-you-mean.ts';
import { SlurmUnavailableError } from '../slurm/errors.ts';
import type { Entrance } from '../slurm/partition-rights.ts';
import { type ReachablePartition, isPlainName } from '../doctor/reachable-partitions.ts';
import { UsageError } from '../base/usage-error.ts';
import type { Site } from './probe-site.ts';
import { isHomeShared, moduleFor } from './probe-login-shell.ts';

export interface Question {
  readonly asks: string;
  /** The allowed answers; undefined: any. */
  readonly answers: readonly string[] | undefined;
  readonly usual: string;
}

/** The options of the command line, by name. */
export interface TypedChoices {
  readonly queue: string | undefined;
  readonly partition: string | undefined;
  readonly account: string | undefined;
  readonly containers: string | undefined;
  readonly 'shared-dir': string | undefined;
}

/** How tasks run: on the node, in images with this program, or in images with the Slurm plugin Pyxis. */
export type ContainerProgram = 'none' | 'apptainer' | 'singularity' | 'pyxis';

interface Choice<T> {
  readonly value: T;
  /** Sentences for a comment. */
  readonly why: string;
}

export interface Choices {
  readonly queue: Choice<string>;
  readonly partition: Choice<ReachablePartition>;
  /** undefined if no account is needed. */
  readonly entrance: Choice<Entrance> | undefined;
  readonly containers: Choice<ContainerProgram>;
  /** undefined for none. */
  readonly sharedDir: Choice<string | undefined>;
}

const TYPED = 'You gave it on the command line.';

/** Returns the default if the user cannot be asked. */
export type Ask = (question: Question) => Promise<string>;

/** @throws UsageError for an option that does not exist at the site; SlurmUnavailableError if no partition accepts jobs of this user */
export async function choose(site: Site, typed: TypedChoices, ask: Ask): Promise<Choices> {
  const decide = async (option: keyof TypedChoices, question: Question, why: string): Promise<Choice<string>> => {
    const given = typed[option];
    if (given !== undefined) return { value: mustBeKnown(option, given, question), why: TYPED };
    // A single answer needs no question.
    if (question.answers?.length === 1) return { value: question.usual, why };
    const answer = await ask(question);
    return { value: answer, why: answer === question.usual ? why : 'You chose it.' };
  };

  const queue = await decide('queue', queueQuestion(site), '');
  const open = site.partitions.filter(({ name, closedBecause }) => closedBecause === undefined && isPlainName(name));
  const closed = site.partitions.filter((partition) => !open.includes(partition));
  const usual = usualPartition(open, closed);
  throwIfClosed(closed, typed.partition);
  const named = await decide('partition', partitionQuestion(open, closed, usual), whyPartition(usual));
  const partition = open.find(({ name }) => name === named.value) ?? usual;
  const entrance = await chooseEntrance(partition, typed.account, decide);
  const containers = await decide('containers', containersQuestion(site), '');
  const shared = await decide('shared-dir', sharedQuestion(site), whyShared(site));
  return {
    queue: { value: queue.value, why: [queue.why, aboutQueue(site, queue.value)].filter(Boolean).join(' ') },
    partition: { value: partition, why: named.why + aboutOthers('Others', namesOf(open), partition.name) },
    entrance,
    containers: { value: containers.value as ContainerProgram, why: containers.why },
    sharedDir: { value: shared.value === NO_DIR ? undefined : shared.value, why: shared.why },
  };
}

type Decide = (option: keyof TypedChoices, question: Question, why: string) => Promise<Choice<string>>;

function mustBeKnown(option: keyof TypedChoices, given: string, { answers }: Question): string {
  if (answers === undefined) return option === 'shared-dir' ? mustBePath(given) : given;
  if (answers.includes(given)) return given;
  const nearest = nearestName(given, answers);
  const hint = nearest === undefined ? ` Use one of ${answers.join(', ')}.` : ` Did you mean "${nearest}"?`;
  throw new UsageError(`--${option} cannot be "${given}".${hint}`);
}

function mustBePath(given: string): string {
  if (given === NO_DIR || given.startsWith('/')) return given;
  throw new UsageError(`--shared-dir must be an absolute path or ${NO_DIR}, not "${given}".`);
}

function queueQuestion({ server }: Site): Question {
  const queues = server.kind === 'known' ? server.value.queues : [];
  const usual = queues.includes('default') ? 'default' : (queues[0] ?? 'default');
  const shown = queues.length === 0 ? '' : ` Existing queues: ${queues.join(', ')}.`;
  return { asks: `Which ClearML queue do you want to serve?${shown}`, answers: undefined, usual };
}

function aboutQueue({ server }: Site, queue: string): string {
  if (server.kind !== 'known') return `Not checked: ${server.kind === 'unavailable' ? server.why : 'no server'}.`;
  const { address, queues } = server.value;
  if (!queues.includes(queue))
    return `${address} has no such queue yet: create it in the web page, or start the daemon once with --create-queue.`;
  const others = queues.filter((name) => name !== queue);
  return `The queue exists on ${address}${others.length === 0 ? '' : `; other queues there: ${others.join(', ')}`}.`;
}

type Partitions = readonly ReachablePartition[];

function usualPartition(open: Partitions, closed: Partitions): ReachablePartition {
  const usual = open.find(({ isDefault }) => isDefault) ?? open[0];
  if (usual !== undefined) return usual;
  const why = closed.map(whyClosed).join('; ') || 'sinfo lists none';
  throw new SlurmUnavailableError(`No partition of this cluster accepts your jobs now (${why}).`);
}

function throwIfClosed(closed: Partitions, typed: string | undefined): void {
  const shut = closed.find(({ name }) => name === typed);
  if (shut !== undefined) throw new UsageError(`--partition "${shut.name}" cannot be used now: ${whyClosed(shut)}.`);
}

function whyClosed({ name, closedBecause = 'has special characters in its name' }: ReachablePartition): string {
  return `${name} ${closedBecause}`;
}

function partitionQuestion(open: Partitions, closed: Partitions, usual: ReachablePartition): Question {
  const shut = closed.length === 0 ? '' : `\n  (Not available: ${closed.map(whyClosed).join('; ')}.)`;
  return {
    asks: `In which partition should tasks run?${shut}`,
    answers: namesOf(open),
    usual: usual.name,
  };
}

function whyPartition({ isDefault }: ReachablePartition): string {
  return isDefault
    ? 'The default partition (sinfo).'
    : 'The first partition that accepts your jobs (sinfo, scontrol), because no default partition accepts them.';
}

async function chooseEntrance(
  { entrances: ways, name }: ReachablePartition,
  typed: string | undefined,
  decide: Decide,
): Promise<Choice<Entrance> | undefined> {
  const plain = ways.filter(({ account }) => isPlainName(account));
  const [usual] = plain;
  if (usual === undefined) return typed === undefined ? undefined : unknownAccount(typed);
  const answers = plain.map(({ account }) => account);
  const why = usual.isDefault ? 'Your default account (sacctmgr).' : `Your account that ${name} accepts (sacctmgr).`;
  const chosen = await decide(
    'account',
    { asks: 'Under which account should jobs run?', answers, usual: usual.account },
    why,
  );
  return {
    value: plain.find(({ account }) => account === chosen.value) ?? usual,
    why: chosen.why + aboutOthers('Your other accounts', answers, chosen.value),
  };
}

/** Accounting has none; the user may know one. */
function unknownAccount(account: string): Choice<Entrance> {
  if (!isPlainName(account))
    throw new UsageError(`--account must be an account name as sacctmgr shows it, not "${account}".`);
  return { value: { account, isDefault: false, qos: undefined }, why: TYPED };
}

function containersQuestion({ plainShell: plain, loginShell: login, hasPyxis }: Site): Question {
  const program = plain.containers ?? login.containers ?? programOf(moduleFor('containers', login));
  return {
    asks: 'Which runtime should run the container images of tasks? (none: tasks run on the node)',
    answers: ['none', ...(program === undefined ? [] : [program]), ...(hasPyxis ? ['pyxis'] : [])],
    usual: 'none',
  };
}

function programOf(module: string | undefined): ContainerProgram | undefined {
  if (module === undefined) return undefined;
  return /^singularity/i.test(module) ? 'singularity' : 'apptainer';
}

/** The answer for no directory. */
const NO_DIR = 'none';

function sharedQuestion({ loginShell: login }: Site): Question {
  return {
    asks: 'Which directory do all nodes share? The agent is installed there once. (none: no directory)',
    answers: undefined,
    usual: isHomeShared(login) ? `${login.home}/.clearml-slurm` : NO_DIR,
  };
}

function whyShared({ loginShell: login }: Site): string {
  const where = `The home directory is on ${login.homeFileSystem ?? 'an unknown file system'} (stat)`;
  return isHomeShared(login)
    ? `${where}, which the nodes usually share.`
    : `${where}; perhaps the nodes do not share it.`;
}

function namesOf(partitions: Partitions): string[] {
  return partitions.map(({ name }) => name);
}

function aboutOthers(word: string, all: readonly string[], chosen: string): string {
  const others = all.filter((name) => name !== chosen);
  return others.length === 0 ? '' : ` ${word}: ${others.join(', ')}.`;
}

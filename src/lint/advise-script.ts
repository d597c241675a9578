// What is doubtful about the commands of a template: how the agent is started, what comes too late, and what others could read.
import { expectsImage } from '../template/containers/plan-singularity.ts';
import type { Command, LexedScript } from '../template/shell/lexed-script.ts';
import { isInside } from '../template/source.ts';
import { findingAt } from './finding-at.ts';
import { PLACEHOLDER_MARK } from '../template/directive.ts';
import { defaultText, readOptions, type DirectiveOption } from '../template/directive-options.ts';
import { imageProblem } from './check-pyxis-image.ts';
import type { Reading } from '../template/read-leniently.ts';
import type { Finding } from './rules.ts';

export function adviseScript(reading: Reading): Finding[] {
  const { source, script } = reading;
  const secrets = findSecrets(source.text).map(({ at, what }) =>
    findingAt(source, at, 'secret-in-text', `${what} is in the text of the template.`),
  );
  if (script === undefined) return secrets;
  const options = readOptions(reading.tokens);
  return [
    ...secrets,
    ...script.commands.flatMap((command) => adviseCommand(reading, script, command, options)),
    ...moduleWithoutProfile(reading, script, options),
    ...tooLate(reading, script),
  ];
}

function adviseCommand(
  { source }: Reading,
  script: LexedScript,
  command: Command,
  options: readonly DirectiveOption[],
): Finding[] {
  const words = command.words.map(({ text }) => text);
  const [program] = words;
  const found: Finding[] = [];
  const startsAgent = script.blocks.some(
    ({ placeholder }) => placeholder.block === 'CLEARML_AGENT_EXECUTE' && isInside(placeholder, command),
  );
  const hasOwnSrun = script.functions.some(({ name }) => name === 'srun');

  if (program === 'srun' && startsAgent && !hasOwnSrun && isOneNode(options)) {
    found.push(
      findingAt(source, command.start, 'srun-on-one-node', 'srun starts the agent, and the job has one node.'),
    );
  }
  if (program === 'srun' && startsAgent) {
    const lost = words.find((word) => /^--export=(?!(?:.*,)?ALL(?:,|$))/i.test(word));
    if (lost !== undefined) {
      found.push(
        findingAt(
          source,
          command.start,
          'export',
          `srun ${lost} hides the variables that PRE_SETUP exports from the agent.`,
        ),
      );
    }
  }
  const container = words.findIndex((word) => /(?:^|\/)(?:singularity|apptainer)$/.test(word));
  const isOurs = startsAgent && expectsImage(words.slice(0, -1));
  if (container !== -1 && !isOurs && asksForGpus(options) && !isGpuReady(words.slice(container), source.text)) {
    found.push(
      findingAt(
        source,
        command.words[container]?.start ?? command.start,
        'gpus-without-nv',
        `The job requests GPUs, and ${words[container] ?? ''} ${words[container + 1] ?? 'exec'} hides them from the container.`,
      ),
    );
  }
  for (const { text, start } of command.words) {
    const image = /^--container-image=([^\0]+)$/.exec(text)?.[1];
    const problem = image === undefined ? undefined : imageProblem(image);
    if (problem !== undefined) found.push(findingAt(source, start, 'pyxis-image', problem));
  }
  return found;
}

/** Neither a number of nodes nor a value for it: sbatch gives one, unless the tasks need more. */
function isOneNode(options: readonly DirectiveOption[]): boolean {
  const nodes = options.findLast(({ name }) => name === 'nodes');
  if (nodes !== undefined) return nodes.value === '1';
  return !options.some(({ name, value }) => name === 'nodelist' || (name === 'ntasks' && value !== '1'));
}

function asksForGpus(options: readonly DirectiveOption[]): boolean {
  return options.some((option) => {
    const text = defaultText(option) ?? PLACEHOLDER_MARK;
    if (/^gpus(?:-per-\w+)?$/.test(option.name)) return text !== '0';
    return /^(?:gres|tres-per-\w+)$/.test(option.name) && text.includes('gpu');
  });
}

/** Told to show the GPUs: by an option, by the arguments of the task, or by the environment. */
function isGpuReady(words: readonly string[], text: string): boolean {
  const isShell = ['exec', 'run', 'shell', 'instance'].some((verb) => words.includes(verb));
  if (!isShell) return true;
  return (
    words.some((word) => /^--(?:nv|nvccli|rocm)$/.test(word)) ||
    /\b(?:APPTAINER|SINGULARITY)_(?:NV|NVCCLI|ROCM)=/.test(text)
  );
}

/** Environment Modules and Lmod make `module` a function of the shell, in a file that a login shell reads. */
function moduleWithoutProfile(
  { source }: Reading,
  { commands, functions }: LexedScript,
  options: readonly DirectiveOption[],
): Finding[] {
  const [first = ''] = source.text.split('\n', 1);
  const isLogin = /\s(?:-[a-z]*l|--login)\b/.test(first);
  // From 23.02 on such a job has the environment that a login of the user makes, functions among it.
  const hasLoginEnvironment = options.some((option) => option.name === 'export' && defaultText(option) === 'NONE');
  const isDefined = functions.some(({ name }) => name === 'module');
  const at = commands.findIndex(({ words: [program] }) => program?.text === 'module');
  const call = commands[at];
  if (call === undefined || isLogin || hasLoginEnvironment || isDefined) return [];
  const sources = commands
    .slice(0, at)
    .some(({ words: [program] }) => /^(?:\.|source|eval)$/.test(program?.text ?? ''));
  if (sources) return [];
  const words = call.words.map(({ text }) => text).join(' ');
  return [
    findingAt(source, call.start, 'module-without-profile', `The command module is not defined before "${words}".`),
  ];
}

/** Commands behind POST_SETUP, on the script's own level: a function that is defined there is of no use either. */
function tooLate({ source }: Reading, { blocks, commands }: LexedScript): Finding[] {
  const end = blocks.find(({ placeholder }) => placeholder.block === 'CLEARML_POST_SETUP')?.placeholder.end;
  const late = end === undefined ? undefined : commands.find(({ start, words }) => start > end && words.length > 0);
  if (late === undefined) return [];
  return [findingAt(source, late.start, 'after-post-setup', 'This command never runs: the script ends before it.')];
}

interface SecretLike {
  readonly at: number;
  /** Begins a sentence: `What looks like …`. */
  readonly what: string;
}

const KINDS: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  {
    // Not a variable, a command, a placeholder, a path or a word of a few letters.
    pattern:
      /\b\w*(?:secret|passw(?:or)?d|passphrase|token(?![si])|api_?key|access_key|credential)\w*=(?:(["'])(?![/~.]|[^"'\n]*[$`])[^"'\n]{8,}\1|(?![^\s;&|]*[$`])(?!\d+\b)[^\s"';&|/~.][^\s"';&|]{7,})/gi,
    what: 'A value for a variable whose name says that it is secret',
  },
  { pattern: /\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:$]+:[^\s/?#@$]+@/gi, what: 'An address with a password in it' },
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, what: 'An access key of AWS' },
  {
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,})/g,
    what: 'A token for a git server',
  },
  { pattern: /\bhf_[A-Za-z0-9]{20,}\b/g, what: 'A token of Hugging Face' },
  { pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/g, what: 'A private key' },
];

function findSecrets(text: string): SecretLike[] {
  const found = KINDS.flatMap(({ pattern, what }) =>
    [...text.matchAll(pattern)].map(({ index: at }) => ({ at, what })),
  );
  // One secret may look like two kinds.
  return found.filter(({ at }, index) => !found.slice(0, index).some((other) => Math.abs(other.at - at) < 40));
}

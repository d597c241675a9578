// Finds commands that may not work as intended: the start of the agent, unreachable commands, and secrets that others can read.
import { expectsImage } from '../sbatch-template/containers/plan-singularity-image-and-options.ts';
import type { Command, LexedScript } from '../sbatch-template/shell/lexer-result.ts';
import { isInside } from '../sbatch-template/template-source.ts';
import { PLACEHOLDER_MARK } from '../sbatch-template/directives/tokenize-directives.ts';
import {
  defaultText,
  parseOptions,
  type DirectiveOption,
} from '../sbatch-template/directives/parse-directive-options.ts';
import { pyxisImageProblem } from '../sbatch-template/containers/write-pyxis-image.ts';
import type { LenientParse } from '../sbatch-template/parse-template.ts';
import { startsLoginShell } from './advise-directives.ts';
import { findingAt, type Finding } from './lint-rules.ts';

export function adviseScript(parsed: LenientParse): Finding[] {
  const { source, script } = parsed;
  const secrets = findSecrets(source.text).map(({ at, what }) =>
    findingAt(source, at, 'secret-in-text', `${what} is in the text of the template.`),
  );
  if (script === undefined) return secrets;
  const options = parseOptions(parsed.tokens);
  return [
    ...secrets,
    ...script.commands.flatMap((command) => adviseCommand(parsed, script, command, options)),
    ...moduleWithoutProfile(parsed, script, options),
    ...commandAfterPostSetup(parsed, script),
  ];
}

function adviseCommand(
  { source }: LenientParse,
  script: LexedScript,
  command: Command,
  options: readonly DirectiveOption[],
): Finding[] {
  const words = command.words.map(({ text }) => text);
  const [program] = words;
  const found: Finding[] = [];
  function add(at: number, rule: Finding['rule'], sentence: string): void {
    found.push(findingAt(source, at, rule, sentence));
  }
  const startsAgent = script.blocks.some(
    ({ placeholder }) => placeholder.block === 'CLEARML_AGENT_EXECUTE' && isInside(placeholder, command),
  );
  const hasOwnSrun = script.functions.some(({ name }) => name === 'srun');

  if (program === 'srun' && startsAgent) {
    if (!hasOwnSrun && isOneNode(options))
      add(command.start, 'srun-on-one-node', 'srun starts the agent, and the job has one node.');
    const lost = words.find((word) => /^--export=(?!(?:.*,)?ALL(?:,|$))/i.test(word));
    if (lost !== undefined)
      add(command.start, 'export', `srun ${lost} hides from the agent the variables that PRE_SETUP exports.`);
  }
  const container = words.findIndex((word) => /(?:^|\/)(?:singularity|apptainer)$/.test(word));
  const isPlanned = startsAgent && expectsImage(words.slice(0, -1));
  if (container !== -1 && !isPlanned && requestsGpus(options) && !passesGpus(words.slice(container), source.text)) {
    add(
      command.words[container]?.start ?? command.start,
      'gpus-without-nv',
      `The job requests GPUs, and ${words[container] ?? ''} ${words[container + 1] ?? 'exec'} hides them from the container.`,
    );
  }
  for (const { text, start } of command.words) {
    const image = /^--container-image=([^\0]+)$/.exec(text)?.[1];
    const problem = image === undefined ? undefined : pyxisImageProblem(image);
    if (problem !== undefined) add(start, 'pyxis-image', problem);
  }
  return found;
}

/** Without --nodes, sbatch allocates one node unless the tasks need more. */
function isOneNode(options: readonly DirectiveOption[]): boolean {
  const nodes = options.findLast(({ name }) => name === 'nodes');
  if (nodes !== undefined) return nodes.value === '1';
  return !options.some(({ name, value }) => name === 'nodelist' || (name === 'ntasks' && value !== '1'));
}

function requestsGpus(options: readonly DirectiveOption[]): boolean {
  return options.some((option) => {
    const text = defaultText(option) ?? PLACEHOLDER_MARK;
    if (/^gpus(?:-per-\w+)?$/.test(option.name)) return text !== '0';
    return /^(?:gres|tres-per-\w+)$/.test(option.name) && text.includes('gpu');
  });
}

/** Whether an option, the task's container arguments or the environment make the GPUs available in the container. */
function passesGpus(words: readonly string[], text: string): boolean {
  const isShell = ['exec', 'run', 'shell', 'instance'].some((verb) => words.includes(verb));
  if (!isShell) return true;
  return (
    words.some((word) => /^--(?:nv|nvccli|rocm)$/.test(word)) ||
    /\b(?:APPTAINER|SINGULARITY)_(?:NV|NVCCLI|ROCM)=/.test(text)
  );
}

/** Environment Modules and Lmod define `module` as a shell function in a login profile. */
function moduleWithoutProfile(
  { source }: LenientParse,
  { commands, functions }: LexedScript,
  options: readonly DirectiveOption[],
): Finding[] {
  // Since Slurm 23.02, --export=NONE gives the job the user's login environment, with its functions.
  const hasLoginEnvironment = options.some((option) => option.name === 'export' && defaultText(option) === 'NONE');
  const isDefined = functions.some(({ name }) => name === 'module');
  const at = commands.findIndex(({ words: [program] }) => program?.text === 'module');
  const call = commands[at];
  if (call === undefined || startsLoginShell(source.text) || hasLoginEnvironment || isDefined) return [];
  const sources = commands
    .slice(0, at)
    .some(({ words: [program] }) => /^(?:\.|source|eval)$/.test(program?.text ?? ''));
  if (sources) return [];
  const words = call.words.map(({ text }) => text).join(' ');
  return [
    findingAt(source, call.start, 'module-without-profile', `The command "module" is not defined before "${words}".`),
  ];
}

/** Reports the first command after POST_SETUP outside of functions; a function definition there is unreachable too. */
function commandAfterPostSetup({ source }: LenientParse, { blocks, commands }: LexedScript): Finding[] {
  const end = blocks.find(({ placeholder }) => placeholder.block === 'CLEARML_POST_SETUP')?.placeholder.end;
  const late = end === undefined ? undefined : commands.find(({ start, words }) => start > end && words.length > 0);
  if (late === undefined) return [];
  return [findingAt(source, late.start, 'after-post-setup', 'This command never runs: the script ends before it.')];
}

interface PossibleSecret {
  readonly at: number;
  /** The subject of the finding's sentence. */
  readonly what: string;
}

const SECRET_PATTERNS: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  {
    // The value is not an expansion, a placeholder, a path or a short word.
    pattern:
      /\b\w*(?:secret|passw(?:or)?d|passphrase|token(?![si])|api_?key|access_key|credential)\w*=(?:(["'])(?![/~.]|[^"'\n]*[$`])[^"'\n]{8,}\1|(?![^\s;&|]*[$`])(?!\d+\b)[^\s"';&|/~.][^\s"';&|]{7,})/gi,
    what: 'The value of a variable whose name suggests a secret',
  },
  { pattern: /\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:$]+:[^\s/?#@$]+@/gi, what: 'A URL with a password' },
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, what: 'An AWS access key' },
  {
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,})/g,
    what: 'A token for a Git server',
  },
  { pattern: /\bhf_[A-Za-z0-9]{20,}\b/g, what: 'A Hugging Face token' },
  { pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/g, what: 'A private key' },
];

function findSecrets(text: string): PossibleSecret[] {
  const found = SECRET_PATTERNS.flatMap(({ pattern, what }) =>
    [...text.matchAll(pattern)].map(({ index: at }) => ({ at, what })),
  );
  // One secret may match two patterns.
  return found.filter(({ at }, index) => !found.slice(0, index).some((other) => Math.abs(other.at - at) < 40));
}

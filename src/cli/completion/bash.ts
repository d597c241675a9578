// Generates the completion script for bash, which needs no bash-completion package.
import { PROGRAM } from '../common-options.ts';
import type { CommandWords, OptionWords, ValueKind } from './list-completions.ts';

export function bashCompletion(commands: readonly CommandWords[]): string {
  const named = commands.filter(({ name }) => name !== '');
  return `# Completion of ${PROGRAM} for bash. In ~/.bashrc: source <(${PROGRAM} completion bash)
_clearml_agent_slurm() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=
  case \${COMP_WORDS[1]} in
    ${named.map(({ name }) => name).join('|')}) ((COMP_CWORD > 1)) && command=\${COMP_WORDS[1]} ;;
  esac
  COMPREPLY=()
  case $command$before in
${commands.flatMap(valueCases).join('')}  esac
  local words=
  case $command in
${commands.map(wordsCase).join('')}  esac
  ((COMP_CWORD == 1)) && words="${named.map(({ name }) => name).join(' ')} $words"
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
# Complete file names by default.
complete -o default -F _clearml_agent_slurm ${PROGRAM}
`;
}

/** The values of options. */
function valueCases({ name, options }: CommandWords): string[] {
  return options
    .filter(({ value }) => value !== 'none')
    .map(
      (option) =>
        `    ${spellings(option)
          .map((spelling) => `${name}${spelling}`)
          .join('|')}) ${reply(option.value)}return ;;\n`,
    );
}

function reply(value: ValueKind): string {
  if (value === 'folder') return 'mapfile -t COMPREPLY < <(compgen -d -- "$word"); ';
  return typeof value === 'string'
    ? ''
    : `mapfile -t COMPREPLY < <(compgen -W '${value.words.join(' ')}' -- "$word"); `;
}

function wordsCase({ name, options, positional }: CommandWords): string {
  const kinds = typeof positional === 'string' ? [] : positional.words;
  return `    ${name === '' ? "''" : name}) words='${[...kinds, ...options.flatMap(spellings)].join(' ')}' ;;\n`;
}

function spellings({ name, letter }: OptionWords): string[] {
  return [...(letter === undefined ? [] : [`-${letter}`]), `--${name}`];
}

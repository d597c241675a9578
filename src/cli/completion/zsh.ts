// Generates the completion script for zsh, to source or to save in a directory of $fpath.
import { PROGRAM } from '../common-options.ts';
import type { CommandWords, OptionWords, ValueKind } from './list-completions.ts';

export function zshCompletion(commands: readonly CommandWords[]): string {
  const [whole, ...named] = commands;
  return `#compdef ${PROGRAM}
# Completion of ${PROGRAM} for zsh. In ~/.zshrc, after compinit: source <(${PROGRAM} completion zsh)
_clearml_agent_slurm() {
  local -a commands=(
${named.map(({ name, describe }) => `    ${quoted(`${name}:${describe}`)}\n`).join('')}  )
  if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
    _describe command commands
    return
  fi
  case $words[2] in
${named.map((command) => `    ${command.name}) shift words; ((CURRENT--)); ${argumentsOf(command)} ;;\n`).join('')}    *) ${whole === undefined ? '' : argumentsOf(whole)} ;;
  esac
}
if [[ $funcstack[1] == _${PROGRAM} ]]; then
  _clearml_agent_slurm "$@"
else
  compdef _clearml_agent_slurm ${PROGRAM}
fi
`;
}

function argumentsOf({ options, positional }: CommandWords): string {
  const rest = positional === 'none' ? [] : [quoted(`*:${actionOf(positional)}`)];
  return ['_arguments', ...options.map(specOf), ...rest].join(' \\\n        ');
}

function specOf({ name, letter, describe, value, isList }: OptionWords): string {
  const text = describe.replace(/[\\[\]:]/g, '\\$&');
  const names = letter === undefined ? `--${name}` : `{-${letter},--${name}}`;
  const times = isList ? "'*'" : letter === undefined ? '' : `'(-${letter} --${name})'`;
  const argument = value === 'none' ? '' : `:${actionOf(value)}`;
  return `${times}${names}${quoted(`[${text}]${argument}`)}`;
}

/** The message and the values, as _arguments expects them. */
function actionOf(value: ValueKind): string {
  if (value === 'file') return 'file:_files';
  if (value === 'folder') return 'folder:_files -/';
  return typeof value === 'string' ? 'value: ' : `value:(${value.words.join(' ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

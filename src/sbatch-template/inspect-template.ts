// Tells what a template uses, for messages and advice: user properties, sbatch options, the container image. The template may have errors.
import { PLACEHOLDER_MARK, tokenPlaceholders, type DirectiveToken } from './directives/tokenize-directives.ts';
import { parseOptions } from './directives/parse-directive-options.ts';
import type { ValuePlaceholder } from './placeholders/parse-placeholder.ts';
import type { LexedScript, Occurrence, ReachedEvaluation } from './shell/lexer-result.ts';
import { positionAt, type TemplateSource } from './template-source.ts';
import { possibleEvaluationMessage } from './data-flow/classify-placeholders.ts';
import { userPropertyOf } from './placeholders/user-property.ts';

export interface TemplateProperty {
  readonly name: string;
  /** The first default among its placeholders; undefined if a task must have the property. */
  readonly fallback: string | undefined;
  readonly uses: readonly PropertyUse[];
}

export interface PropertyUse {
  readonly line: number;
  /** The option that it sets, `--time`; undefined in the script. */
  readonly option: string | undefined;
  /** Whether it is the option's whole value; undefined in the script. */
  readonly isWhole?: boolean;
}

/** A template after parsing. */
export interface TemplateParts {
  readonly source: TemplateSource;
  /** Of all valid `#SBATCH` lines. */
  readonly tokens: readonly DirectiveToken[];
  /** undefined if bash cannot parse the script. */
  readonly script: LexedScript | undefined;
  /** The placeholders in the script, in the order of the text. */
  readonly occurrences: readonly Occurrence[];
  /** Values that may be evaluated. */
  readonly possibleEvaluations: readonly ReachedEvaluation[];
}

export interface TemplateContents {
  /** The user properties that the template reads. */
  readonly properties: readonly TemplateProperty[];
  readonly optionLocations: ReadonlyMap<string, OptionLocation>;
  /** Whether it uses the container image of the task, in an option such as `--container-image` or in the script. */
  readonly usesImage: boolean;
  readonly warnings: readonly string[];
}

export function inspectTemplate(parts: TemplateParts): TemplateContents {
  return {
    properties: listProperties(parts),
    optionLocations: locateOptions(parts),
    usesImage: allPlaceholders(parts).some(({ variable }) => variable === 'CLEARML_TASK.container.image'),
    warnings: templateWarnings(parts),
  };
}

/** The user properties that a template uses, in the order of their first use. */
export function listProperties({ source, tokens, occurrences }: TemplateParts): TemplateProperty[] {
  const found = new Map<string, TemplateProperty>();

  function add(placeholder: ValuePlaceholder, option?: Pick<PropertyUse, 'option' | 'isWhole'>): void {
    const name = userPropertyOf(placeholder.variable);
    if (name === undefined) return;
    const before = found.get(name);
    const { line } = positionAt(source.text, placeholder.start);
    found.set(name, {
      name,
      fallback: before?.fallback ?? placeholder.fallback,
      uses: [...(before?.uses ?? []), { line, option: undefined, ...option }],
    });
  }

  for (const { name, value, placeholders } of parseOptions(tokens)) {
    for (const placeholder of placeholders)
      add(placeholder, { option: `--${name}`, isWhole: value === PLACEHOLDER_MARK });
  }
  for (const { placeholder } of occurrences) add(placeholder);
  return [...found.values()];
}

export interface OptionLocation {
  readonly file: string;
  readonly line: number;
  /** The user properties in its value. */
  readonly properties: readonly string[];
}

/** By the option's long name, `--time`. If an option occurs twice, the last one is used, as by sbatch. */
function locateOptions({ source, tokens }: TemplateParts): ReadonlyMap<string, OptionLocation> {
  return new Map(
    parseOptions(tokens).map(({ name, placeholders, start }) => [
      `--${name}`,
      {
        file: source.file,
        line: positionAt(source.text, start).line,
        properties: placeholders.flatMap(({ variable }) => userPropertyOf(variable) ?? []),
      },
    ]),
  );
}

/** Those of the directives, then those of the script. */
export function allPlaceholders({ tokens, occurrences }: TemplateParts): ValuePlaceholder[] {
  return [...tokens.flatMap(tokenPlaceholders), ...occurrences.map(({ placeholder }) => placeholder)];
}

/** Warnings about values that may be evaluated, with file and line, each once. */
function templateWarnings({ source, possibleEvaluations }: TemplateParts): string[] {
  const sentences = possibleEvaluations.map(
    (evaluation) =>
      `${source.file}:${positionAt(source.text, evaluation.placeholder.start).line}: ${possibleEvaluationMessage(evaluation)}`,
  );
  return [...new Set(sentences)];
}

// Helpers to build a template, render it for a task, and get the error of either.
import { expect } from 'chai';
import { TemplateError } from '../../src/sbatch-template/errors.ts';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import type { Blocks, Variables } from '../../src/sbatch-template/template.ts';

export const noBlocks: Blocks = { preSetup: ':', agentExecute: ':', postSetup: ':' };

export const emptyVariables: Variables = {
  queueName: 'default',
  queueId: 'queue1',
  workerId: 'login1:slurm',
  task: {},
  project: {},
  user: {},
  config: {},
};

/** The blocks alone. */
export const BODY = '${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

/** A template with this body between PRE_SETUP and the agent. */
export function withBody(body: string): string {
  return `#!/bin/bash\n\${CLEARML_PRE_SETUP}\n${body}\n\${CLEARML_AGENT_EXECUTE}\n\${CLEARML_POST_SETUP}\n`;
}

/** A template with these lines of directives. */
export function withDirectives(...lines: string[]): string {
  return `#!/bin/bash\n${lines.join('\n')}\n\${CLEARML_PRE_SETUP}\n\${CLEARML_AGENT_EXECUTE}\n\${CLEARML_POST_SETUP}\n`;
}

/** A task with these user properties. */
export function withProperties(properties: Readonly<Record<string, string>>): Variables {
  const section: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(properties)) section[name] = { section: 'properties', name, value };
  return { ...emptyVariables, task: { id: 'abc123', hyperparams: { properties: section } } };
}

/** A placeholder for the user property of this name. */
export function property(name: string, tail = ''): string {
  return `\${CLEARML_TASK.hyperparams.properties.${name}.value${tail}}`;
}

/** What becomes of the body when every placeholder of property `x` gets this value. */
export function renderBody(body: string, value: string, variables: Partial<Variables> = {}): string {
  const script = parseTemplate(withBody(body), 'test.template').render(
    { ...withProperties({ x: value }), ...variables },
    noBlocks,
  ).script;
  return script.split('\n').slice(2, -3).join('\n');
}

/** The error that this throws; undefined if it throws none. */
export function errorOf(run: () => unknown): TemplateError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
}

/** The error of this template, or "accepted". */
export function messageOf(text: string): string {
  return errorOf(() => parseTemplate(text, 't.template'))?.message ?? 'accepted';
}

/** Defines a test for each template that is rejected with this message, and for each that is accepted. */
export function itParses(
  rejected: readonly (readonly [what: string, text: string, message: RegExp])[],
  accepted: readonly (readonly [what: string, text: string])[],
): void {
  for (const [what, text, message] of rejected) {
    it(`rejects ${what}`, () => {
      expect(messageOf(text)).to.match(message);
    });
  }

  for (const [what, text] of accepted) {
    it(`accepts ${what}`, () => {
      expect(messageOf(text)).to.equal('accepted');
    });
  }
}

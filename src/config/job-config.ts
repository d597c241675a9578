// Writes the clearml.conf that a job gets on its node: what the agent there needs, and nothing of the daemon's own.
import { nodeAt, overlay, treeWith, type ConfigNode, type ConfigTree } from './config-node.ts';

/** The sections that clearml-agent and the SDK read. */
const SECTIONS = ['api', 'agent', 'sdk', 'environment', 'files'];

/** What belongs to this daemon alone. A token can't be given by a file: the agent takes it from `CLEARML_AUTH_TOKEN` only. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  api: ['auth_token'],
  // The ids of this worker: a job that had them too would be refused as the same worker started twice.
  agent: ['slurm', 'worker_id', 'worker_name'],
};

/**
 * The effective configuration, credentials from the environment included, as JSON that clearml-agent's HOCON reader
 * reads back unchanged; with the keys of `agent.slurm.job_credentials` where there are any. It holds secrets: for a file of
 * mode 0600 only.
 */
export function jobConfig(whole: ConfigTree): string {
  const keys = nodeAt(whole, ['agent', 'slurm', 'job_credentials']);
  const root = keys?.kind === 'tree' ? overlay(whole, treeWith(['api', 'credentials'], keys)) : whole;
  const sections = SECTIONS.flatMap((name): [string, ConfigNode][] => {
    const section = root.fields.get(name);
    if (section?.kind !== 'tree') return [];
    const own = OWN[name] ?? [];
    const fields = new Map([...section.fields].filter(([key]) => !own.includes(key)));
    return fields.size === 0 ? [] : [[name, { ...section, fields }]];
  });
  return `${written({ ...root, fields: new Map(sections) }, '')}\n`;
}

function written(node: ConfigNode, indent: string): string {
  const inner = `${indent}  `;
  if (node.kind === 'leaf') return typeof node.value === 'string' ? quoted(node.value) : JSON.stringify(node.value);
  if (node.kind === 'list') return `[${node.items.map((item) => written(item, inner)).join(', ')}]`;
  if (node.fields.size === 0) return '{}';
  const fields = [...node.fields].map(([name, field]) => `${inner}${quoted(name)}: ${written(field, inner)}`);
  return `{\n${fields.join(',\n')}\n${indent}}`;
}

/** A JSON string without `\uXXXX`, `\b` and `\f`: that reader would leave them as they are. */
function quoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  return `"${text.replace(/["\\\n\r\t]/g, (character) => escapes[character] ?? character)}"`;
}

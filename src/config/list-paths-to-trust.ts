// The paths in a configuration with their uses, for the check of trusted paths. Pure.
import type { Plain } from './config-tree.ts';
import type { Config } from './load-config.ts';
import { joinPath } from './dotted-names.ts';
import { ANY_NAME, pathUses } from './schema/settings-rows.ts';
import type { Trusted } from './path-uses.ts';

export interface PathToTrust {
  /** The full name of the setting, or of the variable. */
  readonly setting: string;
  readonly path: string;
  readonly use: Trusted;
}

/** The paths that are set, only for clusters that are served. Of a command, its program. */
export function pathsToTrust({ tree, settings, surroundings }: Config): PathToTrust[] {
  const served = new Set(settings.clusters.map(({ name }) => name));
  const isServed = ([, , group, name]: readonly string[]): boolean => group !== 'clusters' || served.has(name);
  const set = [...pathUses()].flatMap(([name, use]) =>
    valuesAt(tree, name.split('.'))
      .filter(({ at }) => isServed(at))
      .flatMap(({ at, value }) => pathsIn(value, use).map((path) => ({ setting: joinPath(at), path, use }))),
  );
  // It applies if the setting is plain true, as in Python's requests.
  const { caFile } = surroundings;
  if (caFile === undefined || settings.api.verifyCertificate !== true) return set;
  return [...set, { setting: 'REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE', path: caFile, use: 'read here' }];
}

function pathsIn(value: Plain, use: Trusted): string[] {
  const texts = [value].flat().filter((one): one is string => typeof one === 'string');
  return use === 'run here' ? texts.slice(0, 1) : texts;
}

function valuesAt(
  value: Plain | undefined,
  [step, ...rest]: readonly string[],
  at: readonly string[] = [],
): { readonly at: readonly string[]; readonly value: Plain }[] {
  if (value === undefined || value === null) return [];
  if (step === undefined) return [{ at, value }];
  if (typeof value !== 'object' || Array.isArray(value)) return [];
  const fields = Object.entries(value).filter(([name]) => step === ANY_NAME || step === name);
  return fields.flatMap(([name, field]) => valuesAt(field, rest, [...at, name]));
}

// Parses the path, query and body of a request as leniently as the real server (apiserver/service_repo). Pure.
import { isJsonObject, parseJson } from '../../base/parse-json.ts';
import { ApiError } from './api-error.ts';
import type { Fields } from './endpoint.ts';

export interface EndpointPath {
  /** `service.action`. */
  readonly endpoint: string;
  readonly version: string | undefined;
}

const PATH = /^\/?(?:v(\d+\.?\d*)\/)?([A-Za-z_]\w+\.[A-Za-z_]\w+)\/?$/;

export function isEndpointPath(path: string): boolean {
  return PATH.test(path);
}

/** @throws ApiError 400/0 if the path contains no endpoint */
export function parsePath(path: string): EndpointPath {
  const match = PATH.exec(path);
  const endpoint = match?.[2];
  if (endpoint === undefined) throw new ApiError('badRequest', { path }, 'invalid request path');
  return { endpoint, version: match?.[1] };
}

/** A body is a batch only with exactly this content type, without a charset. */
const JSON_LINES = 'application/json-lines';

export interface RequestText {
  readonly body: string;
  readonly contentType: string | undefined;
  readonly query: URLSearchParams;
}

/**
 * The objects of the request: one, or one per line of a batch. Query parameters override fields of the body.
 * @throws ApiError 400/0 if it is not JSON, or not an object
 */
export function parseObjects(request: RequestText): Fields[] {
  if (request.contentType === JSON_LINES) {
    return request.body
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => withoutNulls(parseObject(line, 'invalid JSON line')));
  }
  const body = request.body.trim() === '' ? {} : parseObject(request.body, 'invalid JSON body');
  return [{ ...withoutNulls(body), ...parseQuery(request.query) }];
}

function parseObject(text: string, complaint: string): Fields {
  const value = parseJson(text);
  if (isJsonObject(value)) return value;
  throw new ApiError('badRequest', {}, complaint);
}

function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function parseQuery(query: URLSearchParams): Fields {
  const fields: Record<string, unknown> = {};
  for (const key of new Set(query.keys())) {
    const values = query.getAll(key).map(parseQueryValue);
    const isList = values.length > 1 || key.endsWith('[]');
    fields[key.replace(/\[\]$/, '')] = isList ? values : values[0];
  }
  return fields;
}

function parseQueryValue(text: string): unknown {
  if (/^\d+$/.test(text)) return Number(text);
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  return text;
}

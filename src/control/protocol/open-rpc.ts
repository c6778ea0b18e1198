import { z } from 'zod';
import { eventsNotification } from './events.ts';
import { methods } from './methods.ts';

/** Version of the protocol: semantic, for its methods and events. */
const PROTOCOL_VERSION = '1.2.0';

/** Returns a schema as JSON Schema. */
function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

/**
 * Returns the OpenRPC 1.3 document of the control server. OpenRPC has no word for notifications: `x-notifications` lists
 * what the server sends unasked, in the form of methods.
 */
export function openRpcDocument(): Record<string, unknown> {
  return {
    openrpc: '1.3.2',
    info: {
      title: 'Control server of a Pier network',
      version: PROTOCOL_VERSION,
      description:
        'JSON-RPC 2.0 over WebSocket, or over HTTP POST without subscriptions. Parameters are given by name.',
    },
    methods: Object.entries(methods).map(([name, { summary, params, result }]) => ({
      name,
      summary,
      paramStructure: 'by-name',
      params: Object.entries(params.shape as Readonly<Record<string, z.ZodType>>).map(([param, schema]) => ({
        name: param,
        required: !schema.safeParse(undefined).success,
        schema: jsonSchema(schema),
      })),
      result: { name: 'result', schema: jsonSchema(result) },
    })),
    'x-notifications': [
      {
        name: 'events',
        summary: 'Events of a subscription.',
        paramStructure: 'by-name',
        params: Object.entries(eventsNotification.shape as Readonly<Record<string, z.ZodType>>).map(
          ([param, schema]) => ({
            name: param,
            required: !schema.safeParse(undefined).success,
            schema: jsonSchema(schema),
          }),
        ),
      },
    ],
  };
}

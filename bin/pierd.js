#!/usr/bin/env node
'use strict';

require('./start.js')('pierd', 'pierd.js');

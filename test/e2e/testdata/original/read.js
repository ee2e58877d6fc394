// Prints what a client of the original service gets, one record a line:
// node read.js MODULE URL
"use strict";

const stream = require(process.argv[2])(process.argv[3]);
stream.on("data", (record) => console.log(JSON.stringify(record)));
stream.on("error", (error) => console.error("error: " + error.message));

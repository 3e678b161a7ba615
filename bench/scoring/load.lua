local file = io.open(os.getenv("BODY"), "r")
wrk.method = "POST"
wrk.body = file:read("*all")
wrk.headers["Content-Type"] = "application/json"
file:close()
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("figures %f %f %f %d\n", summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, errors.status + errors.connect + errors.read + errors.timeout))
end

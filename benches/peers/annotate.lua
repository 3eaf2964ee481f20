-- A peer for Fluent Bit: adds the members of a table, as bewit's brief answer has them, whatever the record is.
local add = {
  schema = "bewit.alert/1", summary = string.rep("s", 90), fingerprint = string.rep("f", 32), id = string.rep("i", 36),
  level = "medium", score = 55, technique = "T1059.004", disposition = "suspicious", confidence = "low",
  commands = string.rep("c", 400), mitigations = string.rep("m", 300),
}
function annotate(tag, timestamp, record)
  for key, value in pairs(add) do
    record[key] = value
  end
  return 2, timestamp, record
end

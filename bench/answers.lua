--- The answers that the bench works with, in the form of the API's documented examples.

local answers = {}

answers.id = "axE7wU9ERm8fTc7e17vNvu"

answers.account = '{"success":true,"id":"axE7wU9ERm8fTc7e17vNvu","name":"df-api","status":"RUNNING",'
  .. '"createdAt":"2023-05-26T11:35:01+09:00","quotas":[{"namespace":"koya","fileCountMillion":1,'
  .. '"spaceTb":200},{"namespace":"tata","fileCountMillion":1,"spaceTb":200}]}'

--- Whether an account was decoded to its last field.
function answers.is_account(account)
  local last = account.quotas[2]
  return account.id == answers.id and last.namespace == "tata" and last.spaceTb == 200
end

--- A list of so many accounts.
function answers.list(count)
  local accounts = {}
  for i = 1, count do
    accounts[i] = (
      '{"id":"axE7wU9ERm8fT%09d","name":"df%06d","principal":"df%06d@KR.DF.NAVERNCP.COM",'
      .. '"status":"RUNNING","createdAt":"2023-05-26T11:35:01+09:00","disabled":false}'
    ):format(i, i, i)
  end
  return ('{"success":true,"total":%d,"contents":[%s]}'):format(count, table.concat(accounts, ","))
end

return answers

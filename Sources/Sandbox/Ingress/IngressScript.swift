/// The Lua inside the ingress's nginx: routes, endpoints and certificates as data, which change between two
/// requests and cut nobody's connection.
///
/// nginx runs as one process here, so plain tables hold the truth; a new configuration replaces them in one step.
/// What was chosen for a request stays chosen until it ends.
enum IngressScript {
  /// The block for nginx's `http`; `httpsPort` is where plain HTTP is redirected to.
  static func text(httpsPort: UInt16) -> String {
    """
      init_by_lua_block {
    \(tables)
    \(choice(httpsPort))
    \(control)
      }
    """
  }

  private static let tables = #"""
        local balancer = require "ngx.balancer"
        local ffi = require "ffi"
        local ssl = require "ngx.ssl"
        ffi.cdef [[
          int X509_check_private_key(const void *, const void *);
          void *OPENSSL_sk_value(const void *, int);
        ]]
        -- Routes by host, the longest path first; by KEY a list of { address, port }; what hosts show, by host;
        -- and every certificate that was set, by name.
        local hosts, backends, shown, certificates = {}, {}, {}, {}

        -- A host's own entry goes before that of *.rest, and both before that of any host.
        local function of_host(entries, host)
          local found = entries[host]
          if found then
            return found
          end
          local dot = string.find(host, ".", 1, true)
          return dot and entries["*" .. string.sub(host, dot)] or entries[""]
        end
    """#

  // No ready endpoint is answered in the access phase, since an exit in the balancer phase makes a 500.
  private static func choice(_ httpsPort: UInt16) -> String {
    let port = httpsPort == 443 ? "" : ":\(httpsPort)"
    return #"""
          local function matches(route, path)
            local wanted = route.path
            if route.match == "exact" then
              return path == wanted
            end
            if string.sub(path, 1, #wanted) ~= wanted then
              return false
            end
            local after = string.byte(path, #wanted + 1)
            return route.match == "start" or after == nil or after == 47
          end

          local function find(host, path)
            local routes = of_host(hosts, host)
            for index = 1, routes and #routes or 0 do
              if matches(routes[index], path) then
                return routes[index]
              end
            end
          end

          function sandbox_route(secure)
            local host = ngx.var.host
            local route = find(host, ngx.var.uri)
            if not route then
              return ngx.exit(404)
            end
            if route.redirects and not secure then
              return ngx.redirect("https://" .. host .. "\#(port)" .. ngx.var.request_uri, 308)
            end
            local endpoints = route.backend.endpoints
            if #endpoints == 0 then
              return ngx.exit(503)
            end
            local context = ngx.ctx
            context.backend, context.endpoints = route.backend, endpoints
          end

          function sandbox_balance()
            local context = ngx.ctx
            local backend = context.backend
            -- While the body was read, the last one may have gone: then the request goes where it would have gone.
            local endpoints = #backend.endpoints > 0 and backend.endpoints or context.endpoints
            backend.turn = backend.turn % #endpoints + 1
            local endpoint = endpoints[backend.turn]
            local done, message = balancer.set_current_peer(endpoint[1], endpoint[2])
            if not done then
              ngx.log(ngx.ERR, "no peer: ", message)
              return ngx.exit(500)
            end
          end

          function sandbox_choose_certificate()
            local host = ssl.server_name()
            local pair = host and of_host(shown, string.lower(host))
            if pair then
              ssl.clear_certs()
              ssl.set_cert(pair.chain)
              ssl.set_priv_key(pair.key)
            end
          end
      """#
  }

  private static let control = #"""
        local readers = {}

        function readers.backend(new, key, list)
          local backend = backends[key] or { turn = 0 }
          local endpoints = {}
          for address, port in string.gmatch(list, "([%d.]+):(%d+)") do
            endpoints[#endpoints + 1] = { address, tonumber(port) }
          end
          backend.endpoints = endpoints
          new.backends[key] = backend
        end

        function readers.route(new, host, match, path, key, redirects)
          local routes = new.hosts[host] or {}
          new.hosts[host] = routes
          routes[#routes + 1] =
            { match = match, path = path, backend = new.backends[key], redirects = redirects == "redirect" }
        end

        function readers.certificate(new, host, name)
          new.shown[host] = certificates[name]
          new.certificates[name] = certificates[name]
        end

        local rank = { exact = 1, prefix = 2, start = 3 }
        local function goes_before(left, right)
          if #left.path ~= #right.path then
            return #left.path > #right.path
          end
          return rank[left.match] < rank[right.match]
        end

        function sandbox_set_configuration()
          ngx.req.read_body()
          local new = { hosts = {}, backends = {}, shown = {}, certificates = {} }
          for line in string.gmatch(ngx.req.get_body_data() or "", "[^\n]+") do
            local words = {}
            for word in string.gmatch(line .. "\t", "([^\t]*)\t") do
              words[#words + 1] = word
            end
            readers[words[1]](new, unpack(words, 2))
          end
          for _, routes in pairs(new.hosts) do
            table.sort(routes, goes_before)
          end
          hosts, backends, shown, certificates = new.hosts, new.backends, new.shown, new.certificates
          ngx.say("ok")
        end

        -- 422 is for what is no certificate with its key.
        function sandbox_set_certificate()
          ngx.req.read_body()
          local pem = ngx.req.get_body_data() or ""
          local chain = ssl.parse_pem_cert(pem)
          local key = chain and ssl.parse_pem_priv_key(pem)
          if not key or ffi.C.X509_check_private_key(ffi.C.OPENSSL_sk_value(chain, 0), key) ~= 1 then
            return ngx.exit(422)
          end
          certificates[ngx.var.arg_name] = { chain = chain, key = key }
          ngx.say("ok")
        end
    """#
}
